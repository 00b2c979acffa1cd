// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.Epoll;
import org.virtio.posix.EventLoop;
import org.virtio.spec.PciIsr;

/** INTx: one line for everything; the ISR status byte tells what for, and reading it lowers the line (section 4.1.4.5). */
final class IntxInterrupts implements Interrupts {
    private static final Logger LOG = LoggerFactory.getLogger(IntxInterrupts.class);

    private final PciFunction function;
    private final IsrStatus isr;
    private final EventLoop loop;
    private final DeviceEvents events;
    private final SharedWaits waits = new SharedWaits();
    private final Intx line;
    private boolean closed;

    private IntxInterrupts(PciFunction function, IsrStatus isr, EventLoop loop, DeviceEvents events) throws IOException {
        this.function = function;
        this.isr = isr;
        this.loop = loop;
        this.events = events;
        this.line = function.enableIntx();
    }

    static IntxInterrupts enable(PciFunction function, IsrStatus isr, EventLoop loop, DeviceEvents events) throws IOException {
        IntxInterrupts interrupts = new IntxInterrupts(function, isr, loop, events);
        try {
            loop.watch(interrupts.line.fd(), Epoll.IN, ready -> interrupts.arrived());
            return interrupts;
        } catch (IOException e) {
            interrupts.close();
            throw e;
        }
    }

    private void arrived() {
        try {
            line.take();
            int status = isr.take();
            if ((status & PciIsr.QUEUE) != 0) {
                waits.wakeAll();
            }
            if ((status & PciIsr.CONFIGURATION) != 0) {
                events.configurationChanged();
            }
            unmask();
        } catch (IllegalStateException e) {
            LOG.debug("The function was closed when its interrupt arrived", e);
        } catch (IOException e) {
            // Left masked: it might arrive without end.
            loop.unwatch(line.fd());
            events.broken(e);
        }
    }

    /** Under the lock that {@link #close} takes, or a function that has been cut off could raise its line again. */
    private synchronized void unmask() throws IOException {
        if (!closed) {
            line.unmask();
        }
    }

    @Override
    public UsedWait queue(int index) throws VirtioException {
        return waits.add();
    }

    @Override
    public void close() {
        loop.unwatch(line.fd());
        synchronized (this) {
            closed = true;
        }
        try {
            function.disableInterrupts();
        } catch (IOException e) {
            LOG.debug("INTx could not be disabled", e);
        }
        waits.closeAll();
    }

    @Override
    public String toString() {
        return "INTx";
    }
}
