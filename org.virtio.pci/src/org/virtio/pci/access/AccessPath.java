// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import java.io.IOException;

/** A way to reach PCI functions, such as VFIO: a service. Thread-safe. */
public interface AccessPath {
    /** Its name, as in the option {@code access} of an address: {@code vfio}. */
    String name();

    /**
     * Whether a function is in this path's hands now, so that it can be opened: bound to the kernel's driver that the path
     * goes through, for instance. Not one that the host has asked for ({@link PciFunction#removalRequest()}) and not taken
     * yet: it could not be taken if it were opened again. Only looks.
     */
    boolean reaches(PciAddress address);

    /**
     * Opens a function.
     *
     * @throws IOException with the reason and what to do about it; nothing is left open then
     */
    PciFunction open(PciAddress address) throws IOException;
}
