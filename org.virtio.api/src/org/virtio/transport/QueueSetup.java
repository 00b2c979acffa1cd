// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

/**
 * What a device needs to know of a virtqueue (VIRTIO 1.3, section 2.6). Addresses are as {@link Transport#map} gave them.
 *
 * @param index          of the queue, from 0
 * @param size           number of descriptors
 * @param descriptorArea the descriptor table or ring
 * @param driverArea     the available ring, or the driver event suppression structure
 * @param deviceArea     the used ring, or the device event suppression structure
 */
public record QueueSetup(int index, int size, long descriptorArea, long driverArea, long deviceArea) {
}
