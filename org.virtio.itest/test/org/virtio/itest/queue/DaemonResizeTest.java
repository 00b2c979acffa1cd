// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.virtio.itest.support.StorageDaemon;

/** Reset and resize with qemu-storage-daemon, which does not know that there is such a thing. */
class DaemonResizeTest extends ResizeContract {
    private StorageDaemon daemon;

    @Override
    String serve(Path directory) throws IOException {
        daemon = StorageDaemon.ofFile(directory, StorageDaemon.image(directory.resolve("disk.img"), DISK), 2);
        return daemon.path();
    }

    @Override
    void endServing() throws IOException {
        daemon.close();
    }

    @Override
    List<QueueOptions> queues() {
        return QueueOptions.all(1024).stream()
            .filter(options -> !options.packed() && !options.inOrder() && options.indirect() == options.eventIdx()).toList();
    }
}
