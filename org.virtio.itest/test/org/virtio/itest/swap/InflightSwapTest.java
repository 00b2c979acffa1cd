// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.felix.Resources;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.itest.support.TargetProcess;
import org.virtio.queue.QueueDTO;

/** A back end that notes what is in flight is killed under load: the one in its place goes on in the rings as they are. */
public class InflightSwapTest extends FelixTest {
    private static final int MIB = 1 << 20;
    private static final int KILLS = 4;

    /** For the image and sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    @Test
    public void theNextBackEndGoesOnWhereTheOneBeforeWasKilled() throws Exception {
        Path directory = folder.getRoot().toPath();
        Path image = StorageDaemon.image(directory.resolve("disk.img"), MIB);
        TargetProcess target = TargetProcess.ofFile(directory, image);
        try {
            SwapLoad load = new SwapLoad(virtio.attach(target.path() + "?packed=off", "disk"));
            load.awaitProgress();
            Resources before = Resources.now();
            for (int kill = 1; kill <= KILLS; kill++) {
                target.close();
                int suspensions = kill;
                Await.until("it is suspended", () -> virtio.dump("disk").suspensions == suspensions);
                target = TargetProcess.ofFile(directory, image);
                load.awaitProgress();
            }
            load.close();
            Resources.awaitBack(before);
            assertThat(virtio.dump("disk").transportDetails.toString()).contains("INFLIGHT_SHMFD");
            assertThat(virtio.dump("disk").queues).as("rings that were never begun anew").isNotEmpty()
                .allMatch(InflightSwapTest::isAsItWasBegun);
            virtio.block("disk").flush();
            load.assertWritten(image);
        } finally {
            target.close();
        }
    }

    /** A ring that is begun anew counts from 0 again, and the queue's requests go on. */
    private static boolean isAsItWasBegun(QueueDTO queue) {
        return queue.availableIndex == (queue.requests & 0xffff);
    }
}
