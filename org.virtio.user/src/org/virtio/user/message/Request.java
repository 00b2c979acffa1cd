// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/** A kind of message: what both directions have in common. */
public sealed interface Request permits FrontEndRequest, BackEndRequest {
    /** The number in the header. */
    int id();

    /** The document's name, without its prefix. */
    String name();

    /** The payload of the request. */
    Payload payload();

    /** The payload of the reply that the request has of its own; {@link Payload#NONE} if it has none. */
    Payload reply();

    /** The file descriptors that go with the request. */
    PassedFds fds();

    /** File descriptors that come with the request's own reply. */
    default int replyFds() {
        return reply() == Payload.FD_ONLY || reply() == Payload.INFLIGHT ? 1 : 0;
    }

    /** Whether {@link MessageHeaderLayout#FLAG_NEED_REPLY} gets the request an answer that it would not have otherwise. */
    default boolean acknowledgeable() {
        return reply() == Payload.NONE;
    }

    /** The payload of the message that answers the request: its own reply, or 0 for success and another u64 for failure. */
    default Payload answer() {
        return acknowledgeable() ? Payload.U64 : reply();
    }
}
