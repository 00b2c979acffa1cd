// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import org.virtio.pci.access.PciAddress;

/** Knows which PCI functions this process has open: a service of this bundle's. Thread-safe. */
public interface OpenFunctions {
    /** Whether a function is open, or is being opened or closed. Does not block. */
    boolean isOpen(PciAddress address);
}
