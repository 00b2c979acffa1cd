// SPDX-License-Identifier: Apache-2.0
/**
 * The access path for functions that VFIO has: an IOMMU keeps them to the memory that they are given, MSI-X interrupts come
 * through eventfds, and the kernel resets the function when it is closed, or this process dies
 * (Documentation/driver-api/vfio.rst and linux/vfio.h of Linux).
 */
package org.virtio.pci.vfio;
