// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * The section "A single 64-bit integer", and the bits of that integer where it goes with a file descriptor for a queue
 * ({@link FrontEndRequest#SET_VRING_KICK}, {@code SET_VRING_CALL}, {@code SET_VRING_ERR}).
 *
 * <pre>
 * 0  u64 value        with a queue's file descriptor: bits 0 to 7 index, bit 8 no file descriptor is passed
 * 8
 * </pre>
 */
public final class U64Layout {
    /** u64. */
    public static final int VALUE = 0;
    /** Bytes in the payload. */
    public static final int SIZE = 8;

    /** The bits that are the index of a queue. */
    public static final long VRING_INDEX_MASK = 0xff;
    /** No file descriptor is passed: the queue is polled. */
    public static final long VRING_INVALID_FD = 1 << 8;

    private U64Layout() {
    }
}
