// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * Byte offsets of the section "A vring address description". The ring addresses are user addresses.
 *
 * <pre>
 *  0  u32 index          16  u64 used
 *  4  u32 flags          24  u64 available
 *  8  u64 descriptor     32  u64 log
 *                        40
 * </pre>
 */
public final class VringAddressLayout {
    /** u32, of the queue. */
    public static final int INDEX = 0;
    /** u32; bit 0: writes to the used ring are logged. */
    public static final int FLAGS = 4;
    /** u64, of the descriptor table. */
    public static final int DESCRIPTOR = 8;
    /** u64, of the used ring. */
    public static final int USED = 16;
    /** u64, of the available ring. */
    public static final int AVAILABLE = 24;
    /** u64, a guest address for logging. */
    public static final int LOG = 32;
    /** Bytes in the description. */
    public static final int SIZE = 40;

    private VringAddressLayout() {
    }
}
