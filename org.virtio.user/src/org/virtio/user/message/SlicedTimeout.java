// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * What is left of a time to wait, given out in slices. This process, or the whole machine, may be paused while it waits: a
 * debugger, a snapshot, a migration, a long safepoint. The clock goes on and the other side may have been paused too, so a
 * pause says nothing of it: whatever time went by, a wait is charged no more than the slice that it was given.
 */
final class SlicedTimeout {
    private static final int SLICES = 10;

    private final long slice;
    private long left;

    /** A time in nanoseconds; 0 only looks, negative waits without limit. */
    SlicedTimeout(long timeoutNanos) {
        slice = timeoutNanos / SLICES + 1;
        left = timeoutNanos;
    }

    /** How long to wait next. When the time is over, 0: to look once more, since what came in a pause is not late. */
    long next() {
        return left < 0 ? -1 : Math.min(slice, left);
    }

    /** Takes note of how long a wait took. */
    void charge(long nanos) {
        if (left > 0) {
            left -= Math.min(nanos, next());
        }
    }
}
