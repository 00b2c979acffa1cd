// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

/** Four queues with packed rings and a notification page each; a notification structure in I/O space is passed over. */
public class PciPackedTest extends PciContract {
    @Override
    protected String deviceOptions() {
        return "disable-legacy=on,packed=on,page-per-vq=on,modern-pio-notify=on";
    }

    @Override
    protected String interrupts() {
        return "MSI-X, 5 vectors";
    }

    @Override
    protected int queues() {
        return 4;
    }
}
