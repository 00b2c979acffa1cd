// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * Byte offsets of the header of each message (section "Header").
 *
 * <pre>
 *  0  u32 request   a number from {@link FrontEndRequest} or {@link BackEndRequest}, as the direction says
 *  4  u32 flags     bits 0 and 1: version, 1; bit 2: reply; bit 3: need_reply
 *  8  u32 size      bytes of payload that follow
 * 12
 * </pre>
 */
public final class MessageHeaderLayout {
    /** u32. */
    public static final int REQUEST = 0;
    /** u32, a combination of {@link #VERSION} and the {@code FLAG_} constants. */
    public static final int FLAGS = 4;
    /** u32, in bytes. */
    public static final int PAYLOAD_SIZE = 8;
    /** Bytes in a header. */
    public static final int SIZE = 12;

    /** The bits of the flags that are the version. */
    public static final int VERSION_MASK = 3;
    /** The version of the protocol. */
    public static final int VERSION = 1;
    /** Flag: the message is a reply. */
    public static final int FLAG_REPLY = 1 << 2;
    /** Flag: the sender waits for a reply although the request has none of its own; with {@link ProtocolFeature#REPLY_ACK}. */
    public static final int FLAG_NEED_REPLY = 1 << 3;

    private MessageHeaderLayout() {
    }
}
