// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.virtio.pci.capability.CommandRegister;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.posix.Epoll;
import org.virtio.posix.EventLoop;
import org.virtio.posix.TimerFd;
import org.virtio.spec.PciIsr;

/**
 * No interrupt at all: who waits for a queue looks at it, and a few times a second the ISR status byte is read for changes of
 * the configuration. Before that the function is asked whether it is there: one that is gone may read as zeros.
 */
final class PolledInterrupts implements Interrupts {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final OpenFunction open;
    private final IsrStatus isr;
    private final EventLoop loop;
    private final DeviceEvents events;
    private final TimerFd timer;

    private PolledInterrupts(OpenFunction open, IsrStatus isr, EventLoop loop, DeviceEvents events) throws IOException {
        // Nobody would lower a line that the function raises, and others may share it.
        CommandRegister.set(open.function().config(), ConfigHeaderLayout.COMMAND_INTX_DISABLE);
        this.open = open;
        this.isr = isr;
        this.loop = loop;
        this.events = events;
        this.timer = TimerFd.periodic(PERIOD_NANOS);
    }

    static PolledInterrupts start(OpenFunction open, IsrStatus isr, EventLoop loop, DeviceEvents events)
            throws IOException {
        PolledInterrupts interrupts = new PolledInterrupts(open, isr, loop, events);
        try {
            loop.watch(interrupts.timer.fd(), Epoll.IN, ready -> interrupts.look());
            return interrupts;
        } catch (IOException e) {
            interrupts.close();
            throw e;
        }
    }

    private void look() {
        timer.drain();
        try {
            open.checkPresence();
            int status = isr.take();
            if ((status & PciIsr.CONFIGURATION) != 0) {
                events.configurationChanged();
            }
        } catch (IOException e) {
            loop.unwatch(timer.fd());
            events.broken(e);
        }
    }

    @Override
    public UsedWait queue(int index) {
        return new PolledWait();
    }

    @Override
    public void close() {
        loop.unwatch(timer.fd());
        timer.close();
    }

    @Override
    public String toString() {
        return "polling";
    }
}
