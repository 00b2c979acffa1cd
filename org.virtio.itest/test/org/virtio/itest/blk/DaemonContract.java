// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import java.nio.file.Path;
import org.virtio.itest.support.StorageDaemon;

/** The contract with qemu-storage-daemon. */
public abstract class DaemonContract extends FileContract {
    private StorageDaemon daemon;

    @Override
    protected final String serve(Path directory, Path file) throws Exception {
        daemon = StorageDaemon.ofFile(directory, file, queues());
        return "vhost-user:" + daemon.path();
    }

    @Override
    protected final void endServing() throws Exception {
        daemon.close();
    }

    @Override
    protected final String id() {
        return "vhost_user_blk";
    }
}
