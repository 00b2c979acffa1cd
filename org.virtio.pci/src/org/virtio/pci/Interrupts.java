// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.EventLoop;
import org.virtio.spec.PciCommonConfigLayout;

/** How a device's notifications are delivered. Used by one thread at a time. */
interface Interrupts extends AutoCloseable {
    /**
     * Begins to deliver as an address asks for it.
     *
     * @param queues that are to be used
     * @throws IOException if function or path do not have what is asked for, or cannot be set up
     */
    static Interrupts of(OpenFunction open, int queues, EventLoop loop, DeviceEvents events) throws IOException {
        PciFunction function = open.function();
        IsrStatus isr = new IsrStatus(open.structures().isr());
        boolean msix = function.vectors() > 0;
        boolean intx = function.hasIntx();
        return switch (open.options().interrupts()) {
            case MSIX -> MsixInterrupts.enable(required(function, msix, open, "MSI-X"), queues, loop, events);
            case INTX -> IntxInterrupts.enable(required(function, intx, open, "INTx"), isr, loop, events);
            case POLL -> PolledInterrupts.start(open, isr, loop, events);
            case AUTO -> msix ? MsixInterrupts.enable(function, queues, loop, events)
                : intx ? IntxInterrupts.enable(function, isr, loop, events) : PolledInterrupts.start(open, isr, loop, events);
        };
    }

    private static PciFunction required(PciFunction function, boolean has, OpenFunction open, String what)
            throws VirtioException {
        if (!has) {
            throw new VirtioException("there is no " + what + " by way of " + open.path() + " for this function");
        }
        return function;
    }

    /** The MSI-X vector for configuration changes. */
    default int configurationVector() {
        return PciCommonConfigLayout.NO_VECTOR;
    }

    /** The MSI-X vector for a queue. */
    default int queueVector(int index) {
        return PciCommonConfigLayout.NO_VECTOR;
    }

    /** Where notifications of a queue arrive; until it is closed, or this is. */
    UsedWait queue(int index) throws VirtioException;

    /** Ends the delivery: nothing is called any more when this returns, unless it is being called now. */
    @Override
    void close();
}
