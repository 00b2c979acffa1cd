// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/** How a block request ended. */
public final class BlockResult {
    /** Done. */
    public static final int OK = 0;
    /** The device reports an error: VIRTIO_BLK_S_IOERR. */
    public static final int IO_ERROR = 1;
    /** The device does not support the request: VIRTIO_BLK_S_UNSUPP. */
    public static final int UNSUPPORTED = 2;
    /** The device returned a status that the specification does not have, or wrote less than it had to. */
    public static final int BAD_RESPONSE = 3;
    /**
     * The device failed, was detached, or broke the queue before it completed the request, or the thread that entered the
     * request ended before it submitted all of it.
     */
    public static final int DEVICE_GONE = 4;

    private BlockResult() {
    }

    /** The name of a result. */
    public static String toString(int result) {
        return switch (result) {
            case OK -> "OK";
            case IO_ERROR -> "IO_ERROR";
            case UNSUPPORTED -> "UNSUPPORTED";
            case BAD_RESPONSE -> "BAD_RESPONSE";
            case DEVICE_GONE -> "DEVICE_GONE";
            default -> "result " + result;
        };
    }
}
