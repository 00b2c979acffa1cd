// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

/** Four queues that share what messages there are. */
public class PciFewVectorsTest extends PciContract {
    @Override
    protected String deviceOptions() {
        return "disable-legacy=on,vectors=2";
    }

    @Override
    protected String interrupts() {
        return "MSI-X, 2 vectors";
    }

    @Override
    protected int queues() {
        return 4;
    }
}
