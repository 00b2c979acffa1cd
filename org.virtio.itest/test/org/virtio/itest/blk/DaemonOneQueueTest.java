// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

/** The contract with qemu-storage-daemon, which has 1 queue. */
public class DaemonOneQueueTest extends DaemonContract {
    @Override
    protected int queues() {
        return 1;
    }
}
