// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.virtio.transport.TransportProvider;

/** Reset and resize with QEMU's virtio-blk-pci, by RING_RESET. */
class PciResizeTest extends ResizeContract {
    private PciPeer peer;

    @Override
    String serve(Path directory) throws IOException {
        peer = PciPeer.serve(directory, DISK, 2);
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
        return QueueOptions.all(1024).stream()
            .filter(options -> !options.inOrder() && options.indirect() == options.eventIdx()).toList();
    }
}
