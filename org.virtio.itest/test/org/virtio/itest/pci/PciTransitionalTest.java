// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

/** A transitional device, by INTx. */
public class PciTransitionalTest extends PciContract {
    @Override
    protected String deviceOptions() {
        return "disable-legacy=off,disable-modern=off";
    }

    @Override
    protected String interrupts() {
        return "INTx";
    }

    @Override
    protected String addressOptions() {
        return "access=qtest&interrupts=intx";
    }
}
