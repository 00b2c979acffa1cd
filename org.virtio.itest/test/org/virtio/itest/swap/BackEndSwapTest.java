// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.felix.Resources;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.StorageDaemon;

/** A back end is killed under load and started again on the same file: what it had not done it does then. */
public class BackEndSwapTest extends FelixTest {
    private static final int MIB = 1 << 20;
    private static final int KILLS = Math.max(1, Integer.getInteger("virtio.test.swaps") / 2);

    /** For the image and sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    @Test
    public void nothingIsLostHoweverOftenTheBackEndIsKilled() throws Exception {
        Path directory = folder.getRoot().toPath();
        Path image = StorageDaemon.image(directory.resolve("disk.img"), MIB);
        StorageDaemon daemon = StorageDaemon.ofFile(directory, image, 1);
        try {
            SwapLoad load = new SwapLoad(virtio.attach(daemon.path(), "disk"));
            load.awaitProgress();
            load.takeLongestGapNanos();
            Resources before = Resources.now();
            Pauses pauses = new Pauses();
            for (int kill = 1; kill <= KILLS; kill++) {
                daemon.close();
                int suspensions = kill;
                Await.until("it is suspended", () -> virtio.dump("disk").suspensions == suspensions);
                daemon = StorageDaemon.ofFile(directory, image, 1);
                load.awaitProgress();
                pauses.note(List.of(load));
            }
            load.close();
            Resources.awaitBack(before);
            assertThat(virtio.dump("disk").state).isEqualTo("ready");
            virtio.block("disk").flush();
            load.assertWritten(image);
            pauses.print("a back end that is killed and started again");
        } finally {
            daemon.close();
        }
    }
}
