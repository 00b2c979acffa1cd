// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

/** The contract with qemu-storage-daemon, which has 2 queues. */
public class DaemonTwoQueuesTest extends DaemonContract {
    @Override
    protected int queues() {
        return 2;
    }
}
