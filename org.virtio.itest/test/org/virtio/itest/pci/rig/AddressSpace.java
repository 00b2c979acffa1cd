// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;

/** What a function can reach: all of the machine's addresses, or what an IOMMU lets it. */
interface AddressSpace {
    /** The machine's addresses, as they are. */
    AddressSpace PHYSICAL = new AddressSpace() {
        @Override
        public long map(long address, long size) {
            return address;
        }

        @Override
        public void unmap(long deviceAddress) {
            // Stays as it is.
        }

        @Override
        public void close() {
            // Nothing to free.
        }
    };

    /**
     * Lets the function reach something.
     *
     * @param address of the machine, a multiple of 4096
     * @param size    in bytes, likewise
     * @return the address by which the function reaches it
     */
    long map(long address, long size) throws IOException;

    /** Takes away what was mapped to an address. */
    void unmap(long deviceAddress) throws IOException;

    /** Cuts the function off. */
    void close() throws IOException;
}
