// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import java.nio.ByteBuffer;

/** How many file descriptors go with a request, in its ancillary data (section "Communication"). */
public enum PassedFds {
    /** None. */
    NONE,
    /** One. */
    ONE,
    /** None; but one is tolerated, and closed. */
    TOLERATED,
    /** One, or none if the payload says so ({@link U64Layout#VRING_INVALID_FD}). */
    ONE_UNLESS_INVALID,
    /** One for each region of the memory table. */
    PER_REGION;

    /**
     * The fewest for a payload.
     *
     * @param payload one that is valid for the request
     */
    int min(ByteBuffer payload) {
        return switch (this) {
            case NONE, TOLERATED -> 0;
            case ONE -> 1;
            case ONE_UNLESS_INVALID -> (payload.getLong(U64Layout.VALUE) & U64Layout.VRING_INVALID_FD) == 0 ? 1 : 0;
            case PER_REGION -> payload.getInt(MemoryTableLayout.NUM_REGIONS);
        };
    }

    /**
     * The most for a payload.
     *
     * @param payload one that is valid for the request
     */
    int max(ByteBuffer payload) {
        return this == TOLERATED ? 1 : min(payload);
    }
}
