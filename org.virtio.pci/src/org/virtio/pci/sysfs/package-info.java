// SPDX-License-Identifier: Apache-2.0
/**
 * What sysfs says of PCI functions, and the access path for functions that no driver of the kernel's has: through the files
 * of sysfs alone. The documents are Documentation/ABI/testing/sysfs-bus-pci and Documentation/PCI/sysfs-pci.rst of Linux.
 */
package org.virtio.pci.sysfs;
