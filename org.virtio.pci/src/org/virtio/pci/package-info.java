// SPDX-License-Identifier: Apache-2.0
/** The transport {@code pci}: opens virtio devices that are PCI functions (VIRTIO 1.3, section 4.1). */
package org.virtio.pci;
