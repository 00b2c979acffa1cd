// SPDX-License-Identifier: Apache-2.0
/** Memory that functions reach, and the addresses by which they know it. */
package org.virtio.pci.dma;
