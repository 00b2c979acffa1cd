// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.virtio.blk.BlockDevice;
import org.virtio.device.DeviceDTO;
import org.virtio.itest.felix.Resources;
import org.virtio.itest.felix.Virtio;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.target.TargetOptions;

/** The transport's bundle is stopped, started, updated and refreshed while three devices work: all they see is a pause. */
public final class TransportSwaps {
    private static final int MIB = 1 << 20;

    private final Virtio virtio;
    private final BundleSwaps swaps;
    private final Path directory;
    private final List<SwapLoad> loads = new ArrayList<>();
    private final Pauses pauses = new Pauses();

    /**
     * Does nothing yet.
     *
     * @param directory for an image and sockets
     */
    public TransportSwaps(BundleContext context, Path directory) {
        this.virtio = new Virtio(context);
        this.swaps = new BundleSwaps(context, "org.virtio.user");
        this.directory = directory;
    }

    /** Swaps it that often; nothing that is asked of the devices fails, and nothing is left of what was before. */
    public void run(int count) throws Exception {
        Path image = StorageDaemon.image(directory.resolve("disk.img"), MIB);
        try (StorageDaemon daemon = StorageDaemon.ofFile(Files.createDirectory(directory.resolve("qsd")), image, 1)) {
            begin(virtio.attach(target("packed"), "packed"));
            begin(virtio.attach(target("split") + "?packed=off&in_order=off&event_idx=off", "split"));
            begin(virtio.attach(daemon.path(), "daemon"));
            Resources before = Resources.now();
            List<String> types = virtio.services();
            List<ServiceReference<BlockDevice>> services = List.copyOf(virtio.references(BlockDevice.class, null));
            for (int swap = 1; swap <= count; swap++) {
                swaps.next();
                loads.forEach(SwapLoad::awaitProgress);
                pauses.note(loads);
                assertSuspended(swap);
            }
            loads.forEach(SwapLoad::close);
            assertThat(virtio.references(BlockDevice.class, null)).as("the same services").hasSameElementsAs(services);
            assertThat(virtio.services()).isEqualTo(types);
            Resources.awaitBack(before);
            swaps.awaitOneLoader();
            loads.get(2).assertWritten(image);
            virtio.detachAll();
        }
    }

    private String target(String name) throws Exception {
        return virtio.target(TargetOptions.ram(directory + "/" + name + ".sock", MIB)).path;
    }

    private void begin(BlockDevice device) {
        SwapLoad load = new SwapLoad(device);
        loads.add(load);
        load.awaitProgress();
        load.takeLongestGapNanos();
    }

    /** Each device has felt each of the swaps, and works. */
    private void assertSuspended(int times) {
        for (DeviceDTO device : virtio.registry().devices()) {
            assertThat(device.state).as(device.name).isEqualTo("ready");
            assertThat(device.suspensions).as("suspensions of %s", device.name).isEqualTo(times);
        }
    }

    /** How long the devices stood still. */
    public Pauses pauses() {
        return pauses;
    }
}
