// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.spec.BlkRequestLayout;

/**
 * Where the parts of a queue's requests lie in its shared memory, one of each part per slot:
 *
 * <pre>
 *  0                16 * slots          32 * slots, rounded up to 64
 *  headers          segments            statuses, a byte each
 * </pre>
 *
 * Headers and segments are written by the driver alone, statuses by the device, so that the device's writes take no cache
 * line away under a header that the driver is filling. Statuses are packed: a batch of completions then costs the driver a
 * cache miss or two, where a line for each status would cost one miss per request.
 */
final class RequestLayout {
    private static final int CACHE_LINE = 64;

    private final int slots;

    /** @param slots at least 1 */
    RequestLayout(int slots) {
        this.slots = slots;
    }

    /** Bytes for all slots. */
    int size() {
        return status(slots);
    }

    /** Offset of a slot's request header. */
    int header(int slot) {
        return slot * BlkRequestLayout.HEADER_SIZE;
    }

    /** Offset of a slot's discard or write zeroes segment. */
    int segment(int slot) {
        return slots * BlkRequestLayout.HEADER_SIZE + slot * BlkRequestLayout.SEGMENT_SIZE;
    }

    /** Offset of a slot's status. */
    int status(int slot) {
        int end = segment(slots);
        return (end + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE + slot * BlkRequestLayout.STATUS_SIZE;
    }
}
