// SPDX-License-Identifier: Apache-2.0
/** The virtio functions of this host: found, handed over, given back, and watched as they come and go. */
package org.virtio.pci.host;
