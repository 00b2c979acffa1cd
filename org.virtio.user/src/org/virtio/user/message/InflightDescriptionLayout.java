// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * Byte offsets of the section "Inflight description", in native byte order.
 *
 * <pre>
 *  0  u64 mmap size      16  u16 num queues
 *  8  u64 mmap offset    18  u16 queue size
 *                        20  padding
 *                        24
 * </pre>
 */
public final class InflightDescriptionLayout {
    /** u64, bytes of the memory. */
    public static final int MMAP_SIZE = 0;
    /** u64, bytes from the start of the file to the memory. */
    public static final int MMAP_OFFSET = 8;
    /** u16, how many queues have a part in the memory. */
    public static final int NUM_QUEUES = 16;
    /** u16, for how many descriptors there is room in each part. */
    public static final int QUEUE_SIZE = 18;
    /** Bytes in the description as the document has it. */
    public static final int MIN_SIZE = 20;
    /** Bytes with the padding that C adds, which QEMU and others send and insist on. */
    public static final int SIZE = 24;

    private InflightDescriptionLayout() {
    }
}
