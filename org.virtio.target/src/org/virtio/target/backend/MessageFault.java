// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

/** What a back end can do wrong with a message. */
enum MessageFault {
    /** Does what it says and never answers. */
    NO_REPLY,
    /** Answers with bytes that are no message. */
    GARBAGE_REPLY,
    /** Does not do what it says, and answers so if there is a way to. */
    REFUSE,
    /** Ends the connection. */
    CLOSE
}
