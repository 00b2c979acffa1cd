// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * A part of the configuration space; see {@link DeviceConfigLayout}.
 *
 * @param offset   in bytes, an unsigned number
 * @param flags    {@link DeviceConfigLayout#FLAG_WRITABLE} or {@link DeviceConfigLayout#FLAG_MIGRATION}
 * @param contents the bytes; not copied
 */
public record DeviceConfig(int offset, int flags, byte[] contents) {
}
