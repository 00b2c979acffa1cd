// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.virtio.itest.support.StorageDaemon;

/** The contract with qemu-storage-daemon, which has split rings alone and no order. */
class DaemonQueueTest extends QueueContract {
    private StorageDaemon daemon;

    @Override
    String serve(Path directory) throws IOException {
        Path image = StorageDaemon.image(directory.resolve("disk.img"), BlkLoad.diskBytes(MAX_DEPTH));
        daemon = StorageDaemon.ofFile(directory, image, 1);
        return daemon.path();
    }

    @Override
    void endServing() throws IOException {
        daemon.close();
    }

    @Override
    List<QueueOptions> queues() {
        return QueueOptions.all(2, 256, 1024, 32768).stream().filter(options -> !options.packed() && !options.inOrder()).toList();
    }
}
