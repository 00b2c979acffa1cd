// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import org.virtio.pci.access.Intx;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;

/** A function's INTx interrupt. */
final class QtestIntx implements Intx {
    private static final int GONE = 0xffff;

    private final InterruptLines lines;
    private final IntxSwitch config;
    private final EventFd arrived;
    private boolean masked;

    QtestIntx(InterruptLines lines, IntxSwitch config) throws IOException {
        this.lines = lines;
        this.config = config;
        this.arrived = EventFd.create();
        config.enable(true);
    }

    @Override
    public FileDescriptor fd() {
        return arrived.fd();
    }

    @Override
    public void take() {
        arrived.drain();
    }

    @Override
    public void unmask() throws IOException {
        synchronized (this) {
            masked = false;
            config.enable(true);
        }
        lines.look();
    }

    /** Lets the interrupt arrive, and masks it, if the function wants one. */
    synchronized void look() throws IOException {
        if (!masked && isWanted()) {
            masked = true;
            config.enable(false);
            arrived.signal();
        }
    }

    private boolean isWanted() throws IOException {
        int status = config.read16(PciLayout.STATUS);
        return status != GONE && (status & PciLayout.STATUS_INTERRUPT) != 0;
    }

    void close() throws IOException {
        lines.close(this);
        synchronized (this) {
            masked = true;
            arrived.close();
            config.enable(false);
        }
    }
}
