// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.device.DeviceAddress;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.felix.Resources;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.Feature;
import org.virtio.target.TargetOptions;

/** A disk under load goes on at another back end, and is refused where there is not what its driver relies on. */
public class MoveTest extends FelixTest {
    private static final int MIB = 1 << 20;
    private static final int MOVES = Integer.getInteger("virtio.test.swaps");

    /** For the image and sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private final Pauses pauses = new Pauses();

    private String path(String name) {
        return folder.getRoot() + "/" + name + ".sock";
    }

    private void move(String path) throws VirtioException {
        virtio.registry().move("disk", DeviceAddress.parse("vhost-user:" + path));
    }

    @Test
    public void nothingIsLostHoweverOftenADiskMoves() throws Exception {
        Path image = StorageDaemon.image(folder.newFile("disk.img").toPath(), MIB);
        List<String> places = List.of(path("a"), path("b"));
        for (String place : places) {
            virtio.target(new TargetOptions(place, image.toString(), 0, 512, 1, false, "disk"));
        }
        SwapLoad load = new SwapLoad(virtio.attach(places.get(0), "disk"));
        load.awaitProgress();
        load.takeLongestGapNanos();
        Resources before = Resources.now();
        for (int move = 1; move <= MOVES; move++) {
            move(places.get(move % 2));
            load.awaitProgress();
            pauses.note(List.of(load));
        }
        load.close();
        Resources.awaitBack(before);
        assertThat(virtio.dump("disk").suspensions).isEqualTo(MOVES);
        load.assertWritten(image);
        pauses.print("a move to another socket");
    }

    @Test
    public void whereThereIsNotWhatItNeedsItDoesNotGo() throws Exception {
        FeatureSet withheld = FeatureSet.of(BlkFeature.DISCARD, BlkFeature.WRITE_ZEROES);
        virtio.target(TargetOptions.ram(path("disk"), 4 * MIB).withoutFeatures(withheld));
        virtio.target(TargetOptions.ram(path("simple"), 4 * MIB).withoutFeatures(withheld.with(Feature.RING_PACKED)));
        virtio.target(TargetOptions.ram(path("small"), MIB));
        virtio.target(new TargetOptions(path("sealed"), null, 4 * MIB, 512, 1, true, "sealed"));
        SwapLoad load = new SwapLoad(virtio.attach(path("disk"), "disk"));
        assertRefused(path("small"), "shrank from 4194304 to 1048576");
        load.awaitProgress();
        assertRefused(path("sealed"), "read-only");
        load.awaitProgress();
        assertRefused(path("simple"), "no longer offers [RING_PACKED]");
        load.awaitProgress();
        assertRefused(path("nobody"), "nobody.sock");
        load.awaitProgress();
        int suspensions = virtio.dump("disk").suspensions;
        assertThatThrownBy(() -> move(path("disk") + "?grace=-1")).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("grace=-1").hasMessageContaining("0 to 86400");
        assertThatThrownBy(() -> move(path("disk") + "?queues=5000")).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("queues=5000").hasMessageContaining("1 to 256");
        assertThatThrownBy(() -> virtio.registry().move("disk", DeviceAddress.parse("pci:0000:00:05.0?type=blk")))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("unknown option 'type' for pci");
        load.awaitProgress();
        assertThatThrownBy(() -> virtio.registry().move("disk", DeviceAddress.parse("nothing:here")))
            .hasMessageContaining("no transport for 'nothing'");
        assertThatThrownBy(() -> virtio.registry().move("other", DeviceAddress.parse("pci:0000:00:05.0")))
            .hasMessageContaining("other");
        load.awaitProgress();
        assertThat(virtio.dump("disk").suspensions).as("it was not touched").isEqualTo(suspensions);
        load.close();
        assertThat(virtio.dump("disk").state).isEqualTo("ready");
        assertThat(virtio.dump("disk").address).isEqualTo("vhost-user:" + path("disk"));
    }

    private void assertRefused(String path, String reason) {
        assertThatThrownBy(() -> move(path)).isInstanceOf(VirtioException.class).hasMessageContaining(reason)
            .hasMessageContaining("stays at vhost-user:" + path("disk"));
    }
}
