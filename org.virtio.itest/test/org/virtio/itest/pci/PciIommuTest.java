// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

/** Two queues behind an IOMMU. */
public class PciIommuTest extends PciContract {
    @Override
    protected String deviceOptions() {
        return "disable-legacy=on,iommu_platform=on";
    }

    @Override
    protected String interrupts() {
        return "MSI-X, 3 vectors";
    }

    @Override
    protected int queues() {
        return 2;
    }

    @Override
    protected boolean hasIommu() {
        return true;
    }
}
