// SPDX-License-Identifier: Apache-2.0
/**
 * The access path for functions that {@code uio_pci_generic} has: registers through sysfs, the INTx interrupt through
 * {@code /dev/uioN} (Documentation/driver-api/uio-howto.rst of Linux).
 */
package org.virtio.pci.uio;
