// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * Byte offsets of the section "A vring state description".
 *
 * <pre>
 * 0  u32 index
 * 4  u32 num
 * 8
 * </pre>
 */
public final class VringStateLayout {
    /** u32, of the queue. */
    public static final int INDEX = 0;
    /** u32, whose meaning depends on the request: descriptors, an index into the ring, or 0 and 1. */
    public static final int NUM = 4;
    /** Bytes in the description. */
    public static final int SIZE = 8;

    private VringStateLayout() {
    }
}
