// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

/** What a device can do wrong with a request, in either ring format. */
public enum RequestFault {
    /** Uses an id that is not below the queue's size. */
    WRONG_ID,
    /** Uses an id that is below the queue's size, but of no request that is in flight; if there is one. */
    ID_NOT_IN_FLIGHT,
    /** Uses the request twice; of a packed ring that takes the place of a request that is not used yet. */
    DUPLICATE,
    /** Says that it has written more than was writable. */
    LONG_LENGTH,
    /** Says that it has written nothing. */
    SHORT_LENGTH,
    /**
     * Goes on a whole lap ahead. In a split ring the used index is further ahead than the queue is long. In a packed one the
     * used descriptor is where it belongs and has the wrong wrap counter, for which the driver takes it for not used; so have
     * all after it.
     */
    INDEX_JUMP,
    /** Never completes the request; where IN_ORDER was negotiated, nor any that comes after it in its queue. */
    STALL,
    /** Completes a batch in reverse order, also where IN_ORDER was negotiated. */
    REORDER,
    /** Ends the connection instead of taking the request. */
    DISCONNECT,
    /** Completes with status IOERR without executing. */
    IOERR,
    /** Completes with status UNSUPP without executing. */
    UNSUPP,
    /** Completes with a status that does not exist. */
    GARBAGE_STATUS,
    /** Completes without storing a status. */
    NO_STATUS,
    /** Inverts the first byte of what is read. */
    CORRUPT_DATA,
    /** Does nothing, and says that all went well. */
    LOST,
    /** Does not notify the driver that the request is used. */
    NO_NOTIFY
}
