// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.virtio.device.DeviceAddress;
import org.virtio.spec.DeviceType;
import org.virtio.spec.SplitRingLayout;

/**
 * What an address says: {@code vhost-user:/path.sock?type=blk&queues=N&reply_timeout=ms}, and the common options.
 *
 * @param path              of the socket
 * @param type              of the device, which the protocol cannot tell
 * @param queues            the most queues to be used, or 0 if the address does not say
 * @param queueSize         the greatest size that a queue can have: the option {@code size}, or a size that all known back
 *     ends take. The protocol has no way to ask, and where a back end can do more or less only the address can say so. What
 *     size a queue does get is the core's choice; its default is smaller.
 * @param replyTimeoutNanos how long the back end may take for a reply; for its first it has six times as long
 */
record VhostUserOptions(String path, DeviceType type, int queues, int queueSize, long replyTimeoutNanos) {
    /** A queue's index has 8 bits in some messages. */
    static final int MAX_QUEUES = 256;

    /** Back ends built on SPDK's code go no further than this; those on QEMU's or DPDK's go up to 32768. */
    private static final int SAFE_QUEUE_SIZE = 1024;
    private static final int DEFAULT_REPLY_TIMEOUT_MILLIS = 5000;
    private static final int MAX_REPLY_TIMEOUT_MILLIS = 3_600_000;
    private static final Set<String> KNOWN = known();

    private static Set<String> known() {
        Set<String> known = new HashSet<>(DeviceAddress.COMMON_OPTIONS);
        known.addAll(Set.of("type", "queues", "reply_timeout"));
        return Set.copyOf(known);
    }

    /**
     * Reads an address.
     *
     * @throws IllegalArgumentException if an option is unknown or out of range
     */
    static VhostUserOptions of(DeviceAddress address) {
        address.checkOptions(KNOWN);
        int timeout = address.option("reply_timeout", DEFAULT_REPLY_TIMEOUT_MILLIS, 1, MAX_REPLY_TIMEOUT_MILLIS);
        return new VhostUserOptions(address.location(), type(address), address.option("queues", 0, 1, MAX_QUEUES),
            address.option("size", SAFE_QUEUE_SIZE, 1, SplitRingLayout.MAX_SIZE), TimeUnit.MILLISECONDS.toNanos(timeout));
    }

    private static DeviceType type(DeviceAddress address) {
        try {
            return DeviceType.of(address.option("type", DeviceType.BLOCK.shortName()));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("option type: " + e.getMessage(), e);
        }
    }
}
