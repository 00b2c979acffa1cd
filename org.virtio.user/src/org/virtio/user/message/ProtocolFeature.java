// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import java.util.ArrayList;
import java.util.List;

/** The protocol feature bits; an entry's ordinal is its bit (section "Protocol features"). */
public enum ProtocolFeature {
    /** The back end tells how many queues it has. */
    MQ,
    /** The memory of a dirty page log is passed as a file descriptor. */
    LOG_SHMFD,
    /** The back end can send a fake RARP after a migration. */
    RARP,
    /** The sender may ask for a reply to any message. */
    REPLY_ACK,
    /** The front end may set the MTU of a network device. */
    MTU,
    /** The back end may send requests of its own, over a socket that the front end gives it. */
    BACKEND_REQ,
    /** Legacy devices may have rings of either byte order. */
    CROSS_ENDIAN,
    /** Sessions of a crypto device. */
    CRYPTO_SESSION,
    /** Migration by postcopy. */
    PAGEFAULT,
    /** The back end has the configuration space. */
    CONFIG,
    /** The back end may pass file descriptors with its requests. */
    BACKEND_SEND_FD,
    /** The back end may pass memory by which it is notified. */
    HOST_NOTIFIER,
    /** Requests in flight are recorded in shared memory that outlives the back end. */
    INFLIGHT_SHMFD,
    /** The front end may reset the device with a message. */
    RESET_DEVICE,
    /** Notifications may be messages. */
    INBAND_NOTIFICATIONS,
    /** Memory regions are added and removed one by one. */
    CONFIGURE_MEM_SLOTS,
    /** The back end has the device status field. */
    STATUS;

    /** The feature's bit in the u64 of the messages. */
    public long mask() {
        return 1L << ordinal();
    }

    /** Whether the feature's bit is set. */
    public boolean in(long bits) {
        return (bits & mask()) != 0;
    }

    /** The bits of these features. */
    public static long mask(ProtocolFeature... features) {
        long bits = 0;
        for (ProtocolFeature feature : features) {
            bits |= feature.mask();
        }
        return bits;
    }

    /** The names of the bits that are set, in ascending order; {@code bit N} for one without a name. */
    public static List<String> names(long bits) {
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if ((bits >>> bit & 1) != 0) {
                names.add(bit < values().length ? values()[bit].name() : "bit " + bit);
            }
        }
        return names;
    }
}
