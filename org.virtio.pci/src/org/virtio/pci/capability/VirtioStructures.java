// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import java.util.List;
import org.virtio.pci.access.Registers;

/**
 * The structures of a virtio device (VIRTIO 1.3, section 4.1.4), each within its bounds.
 *
 * @param common           common configuration, at least 56 bytes
 * @param notification     notifications, at least 2 bytes
 * @param notifyPlace      where notifications are behind their base address register, in bytes
 * @param notifyMultiplier bytes by which {@code queue_notify_off} counts; may be 0
 * @param isr              ISR status, at least 1 byte
 * @param device           device-specific configuration, or null
 * @param usesIo           whether any of them is in I/O space
 * @param places           where they are, for people
 */
public record VirtioStructures(Registers common, Registers notification, long notifyPlace, long notifyMultiplier, Registers isr,
    Registers device, boolean usesIo, List<String> places) {
}
