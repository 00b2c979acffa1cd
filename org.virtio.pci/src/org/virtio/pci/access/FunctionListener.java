// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

/**
 * Is told which PCI functions come and go: a service of this bundle's, called by who watches the host. Thread-safe; returns
 * soon.
 */
public interface FunctionListener {
    /** A function has appeared, or another driver of the kernel's was bound to it, so that a path may reach it now. */
    void appeared(PciAddress address);

    /**
     * The driver that a function had has let go of it. Another may be about to come: nothing can be had of it that could not
     * before, but who went by way of the first has lost it.
     */
    void unbound(PciAddress address);

    /** A function is gone. */
    void removed(PciAddress address);
}
