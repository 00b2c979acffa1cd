// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

/** All structures reached through configuration space. */
public class PciConfigAccessTest extends PciContract {
    @Override
    protected String deviceOptions() {
        return "disable-legacy=on";
    }

    @Override
    protected String interrupts() {
        return "MSI-X, 2 vectors";
    }

    @Override
    protected String addressOptions() {
        return "access=qtest&registers=config";
    }
}
