// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import org.virtio.queue.Virtqueue;

/** The ways in which an owner can find out that there are used buffers. */
enum Waiting {
    /** Looks all the time. */
    POLLING {
        @Override
        void await(Virtqueue queue) {
            Thread.yield();
        }
    },
    /** Sleeps until the next used buffer. */
    NEXT {
        @Override
        void await(Virtqueue queue) {
            if (queue.enableNotifications()) {
                sleep(queue);
            }
        }
    },
    /** Sleeps until most have been used. */
    DELAYED {
        @Override
        void await(Virtqueue queue) {
            if (queue.enableNotificationsDelayed()) {
                sleep(queue);
            }
        }
    },
    /** The same as NEXT in two halves. */
    IN_HALVES {
        @Override
        void await(Virtqueue queue) {
            int position = queue.prepareNotifications();
            if (!queue.isUsed(position)) {
                sleep(queue);
            }
            queue.disableNotifications();
        }
    };

    /** Returns when there is something to poll, or earlier; with requests in flight. */
    abstract void await(Virtqueue queue);

    private static void sleep(Virtqueue queue) {
        if (!queue.await(BlkLoad.LIMIT_NANOS)) {
            throw new AssertionError("no notification came: " + queue.dump());
        }
    }
}
