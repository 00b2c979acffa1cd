// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import java.nio.file.Path;
import org.virtio.target.TargetOptions;

/** The contract with the embedded target, which serves a file on two queues. */
public class TargetFileTest extends FileContract {
    @Override
    protected String serve(Path directory, Path file) throws Exception {
        String socket = directory.resolve("disk.sock").toString();
        return "vhost-user:" + virtio.target(new TargetOptions(socket, file.toString(), 0, 512, queues(), false, id())).path;
    }

    @Override
    protected void endServing() throws Exception {
        virtio.deleteTargets();
    }

    @Override
    protected String id() {
        return "a file, in 20 letter";
    }

    @Override
    protected int queues() {
        return 2;
    }
}
