// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

/** What a device can do wrong with a request. */
public enum RequestFault {
    /** Uses an id that no descriptor of the queue has. */
    WRONG_ID,
    /** Uses an id that is a descriptor's, but of no request that is in flight; if there is one. */
    ID_NOT_IN_FLIGHT,
    /** Uses the request twice. */
    DUPLICATE,
    /** Says that it has written more than was writable. */
    LONG_LENGTH,
    /** Says that it has written nothing. */
    SHORT_LENGTH,
    /** Moves the used index further ahead than the queue is long. */
    INDEX_JUMP,
    /** Never completes the request. */
    STALL,
    /** Completes a batch in reverse order. */
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
