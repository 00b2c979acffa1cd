// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * Byte offsets of the section "Virtio device config space".
 *
 * <pre>
 *  0  u32 offset    into the configuration space
 *  4  u32 size      bytes of contents
 *  8  u32 flags
 * 12  u8  contents[size], little-endian as the device type defines them
 * </pre>
 */
public final class DeviceConfigLayout {
    /** u32, in bytes. */
    public static final int OFFSET = 0;
    /** u32, in bytes. */
    public static final int CONTENTS_SIZE = 4;
    /** u32: {@link #FLAG_WRITABLE} or {@link #FLAG_MIGRATION}. */
    public static final int FLAGS = 8;
    /** The first byte of the contents. */
    public static final int CONTENTS = 12;
    /** The most bytes of contents that common back ends take in one message; the document sets no limit. */
    public static final int MAX_CONTENTS = 256;

    /** The message is about fields that the driver may write. */
    public static final int FLAG_WRITABLE = 0;
    /** The message belongs to a live migration. */
    public static final int FLAG_MIGRATION = 1;

    private DeviceConfigLayout() {
    }
}
