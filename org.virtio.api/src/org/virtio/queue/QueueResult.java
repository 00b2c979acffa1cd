// SPDX-License-Identifier: Apache-2.0
package org.virtio.queue;

/** Result codes of the data path. Zero and above is success; no exception is thrown for what these say. */
public final class QueueResult {
    /** Done. */
    public static final int OK = 0;
    /** Not enough free descriptors now: poll, then try again. */
    public static final int FULL = -1;
    /** Can never succeed: more descriptors than the queue has, or none. */
    public static final int INVALID = -2;
    /** The queue is broken or its device is gone; see {@link Virtqueue#brokenReason()}. */
    public static final int BROKEN = -3;

    private QueueResult() {
    }

    /** The name of a result code; a number of zero or above as itself. */
    public static String toString(int result) {
        return switch (result) {
            case OK -> "OK";
            case FULL -> "FULL";
            case INVALID -> "INVALID";
            case BROKEN -> "BROKEN";
            default -> Integer.toString(result);
        };
    }
}
