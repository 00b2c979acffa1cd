// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.virtio.transport.TransportProvider;

/** The contract with QEMU's virtio-blk-pci, which has split and packed rings and no order. */
class PciQueueTest extends QueueContract {
    private PciPeer peer;

    @Override
    String serve(Path directory) throws IOException {
        peer = PciPeer.serve(directory, BlkLoad.diskBytes(MAX_DEPTH), 1);
        return null;
    }

    @Override
    void endServing() {
        peer.close();
    }

    @Override
    Rig open(String options, int queues, UnaryOperator<TransportProvider> between) throws Exception {
        return peer.open(options, queues, between);
    }

    @Override
    List<QueueOptions> queues() {
        return QueueOptions.all(2, 256, 1024).stream().filter(options -> !options.inOrder()).toList();
    }
}
