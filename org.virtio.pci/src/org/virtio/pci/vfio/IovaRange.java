// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Addresses that an IOMMU translates.
 *
 * @param first of them
 * @param last  of them, not less; unsigned, as first is
 */
record IovaRange(long first, long last) {
    @Override
    public String toString() {
        return "0x" + Long.toHexString(first) + "-0x" + Long.toHexString(last);
    }
}
