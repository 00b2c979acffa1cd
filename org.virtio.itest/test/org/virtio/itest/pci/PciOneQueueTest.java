// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

/** One queue, split rings, a message for the queue and one for the configuration. */
public class PciOneQueueTest extends PciContract {
    @Override
    protected String deviceOptions() {
        return "disable-legacy=on";
    }

    @Override
    protected String interrupts() {
        return "MSI-X, 2 vectors";
    }
}
