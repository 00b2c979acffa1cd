// SPDX-License-Identifier: Apache-2.0
/** The transport {@code pci}: opens virtio devices that are PCI functions. */
package org.virtio.pci;
