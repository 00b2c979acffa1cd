// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.util.List;
import org.virtio.pci.access.Intx;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;

/** A function's interrupts. Used by one thread at a time. */
final class VfioInterrupts implements AutoCloseable {
    private static final int NONE = -1;

    private final VfioDevice device;
    private final int vectors;
    private final boolean hasIntx;
    /** Which kind is enabled. */
    private int enabled = NONE;
    private EventFd intx;

    VfioInterrupts(VfioDevice device) throws IOException {
        this.device = device;
        this.vectors = device.irqCount(VfioDevice.MSIX_IRQ);
        this.hasIntx = device.irqCount(VfioDevice.INTX_IRQ) > 0;
    }

    int vectors() {
        return vectors;
    }

    boolean hasIntx() {
        return hasIntx;
    }

    void enableVectors(List<EventFd> signals) throws IOException {
        if (signals.isEmpty() || signals.size() > vectors) {
            throw new IllegalArgumentException(signals.size() + " signals; expected 1 to " + vectors);
        }
        enable(VfioDevice.MSIX_IRQ, signals);
    }

    Intx enableIntx() throws IOException {
        if (!hasIntx) {
            throw new IOException("the function has no INTx interrupt");
        }
        EventFd signal = EventFd.create();
        boolean done = false;
        try {
            enable(VfioDevice.INTX_IRQ, List.of(signal));
            done = true;
        } finally {
            if (!done) {
                signal.close();
            }
        }
        intx = signal;
        return new VfioIntx(device, signal);
    }

    private void enable(int index, List<EventFd> signals) throws IOException {
        if (enabled != NONE) {
            throw new IllegalStateException("interrupts are enabled already");
        }
        device.enable(index, signals);
        enabled = index;
    }

    void disable() throws IOException {
        if (enabled != NONE) {
            device.disable(enabled);
            enabled = NONE;
            close();
        }
    }

    /** Frees what the process has of it; the kernel disables all when the device file is closed. */
    @Override
    public void close() {
        if (intx != null) {
            intx.close();
            intx = null;
        }
    }

    /** VFIO masks the interrupt when it has arrived. */
    private record VfioIntx(VfioDevice device, EventFd signal) implements Intx {
        @Override
        public FileDescriptor fd() {
            return signal.fd();
        }

        @Override
        public void take() {
            signal.drain();
        }

        @Override
        public void unmask() throws IOException {
            device.unmask(VfioDevice.INTX_IRQ);
        }
    }
}
