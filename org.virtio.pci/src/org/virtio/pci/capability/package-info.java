// SPDX-License-Identifier: Apache-2.0
/** What a PCI function says in its configuration space: its capabilities, and where virtio's structures are. */
package org.virtio.pci.capability;
