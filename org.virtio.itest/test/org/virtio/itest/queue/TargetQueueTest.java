// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.nio.file.Path;
import java.util.List;
import org.virtio.target.TargetOptions;
import org.virtio.target.backend.BlockTarget;

/** The contract with the embedded target, which has every format; it sleeps soon, so that notifications matter. */
class TargetQueueTest extends QueueContract {
    private static final long SPIN_NANOS = 5_000;

    private BlockTarget target;

    @Override
    String serve(Path directory) throws Exception {
        String path = directory.resolve("disk.sock").toString();
        target = new BlockTarget(TargetOptions.ram(path, BlkLoad.diskBytes(MAX_DEPTH)).withSpinNanos(SPIN_NANOS));
        return path;
    }

    @Override
    void endServing() {
        target.close();
    }

    @Override
    List<QueueOptions> queues() {
        return QueueOptions.all(1, 2, 3, 256, 32768);
    }
}
