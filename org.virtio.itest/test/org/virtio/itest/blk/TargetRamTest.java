// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import java.nio.file.Path;
import org.virtio.target.TargetOptions;

/** The contract with the embedded target, which serves a RAM disk on four queues. */
public class TargetRamTest extends BlockContract {
    @Override
    protected String serve(Path directory) throws Exception {
        String socket = directory.resolve("disk.sock").toString();
        return "vhost-user:" + virtio.target(TargetOptions.ram(socket, CAPACITY).withQueues(queues())).path;
    }

    @Override
    protected void endServing() throws Exception {
        virtio.deleteTargets();
    }

    @Override
    protected String id() {
        return "virtio-ram";
    }

    @Override
    protected int queues() {
        return 4;
    }
}
