// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.OptionUtils;
import org.virtio.device.VirtioDevice;
import org.virtio.itest.felix.Contracts;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.felix.Resources;
import org.virtio.itest.felix.Session;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.target.TargetOptions;

/** Each bundle but those that all others need is stopped, started, updated and refreshed under load: the others work on. */
public class NeighbourSwapTest extends FelixTest {
    private static final int MIB = 1 << 20;
    /** Each of the kinds of swaps twice. */
    private static final int SWAPS = 6;

    /** For the image and sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private Path image;

    @Override
    @Configuration
    public Option[] configuration() throws IOException {
        return OptionUtils.combine(super.configuration(), Contracts.apart("org.virtio.blk", "org.virtio.blk"),
            Contracts.apart("org.virtio.target", "org.virtio.target"));
    }

    @Before
    public void image() throws IOException {
        image = StorageDaemon.image(folder.newFile("disk.img").toPath(), MIB);
    }

    private String target() throws Exception {
        String socket = folder.getRoot() + "/disk.sock";
        return virtio.target(new TargetOptions(socket, image.toString(), 0, 512, 1, false, "disk")).path;
    }

    @Test
    public void usersNoticeNothingOfTransportsAndShell() throws Exception {
        SwapLoad load = new SwapLoad(virtio.attach(target(), "disk"));
        for (String name : List.of("org.virtio.user", "org.virtio.pci", "org.virtio.shell")) {
            swap(name, () -> { }, load);
        }
        load.close();
        load.assertWritten(image);
    }

    @Test
    public void usersNoticeNothingOfATargetThatIsCreatedAgain() throws Exception {
        SwapLoad load = new SwapLoad(virtio.attach(target(), "disk"));
        swap("org.virtio.target", this::target, load);
        load.close();
        assertThat(virtio.dump("disk").suspensions).isEqualTo(SWAPS);
        load.assertWritten(image);
    }

    private interface Step {
        void run() throws Exception;
    }

    private void swap(String name, Step then, SwapLoad load) throws Exception {
        load.awaitProgress();
        Resources before = Resources.now();
        BundleSwaps swaps = new BundleSwaps(context, name);
        for (int i = 0; i < SWAPS; i++) {
            swaps.next();
            then.run();
            load.awaitProgress();
            assertShellWorks();
        }
        swaps.awaitOneLoader();
        Resources.awaitBack(before);
    }

    @Test
    public void whatADriverHadFailsAndItsDevicesAreDrivenAgain() throws Exception {
        virtio.attach(target(), "disk");
        VirtioDevice device = virtio.device("disk");
        Resources before = Resources.now();
        BundleSwaps swaps = new BundleSwaps(context, "org.virtio.blk");
        for (int i = 0; i < SWAPS; i++) {
            failsWhatIsInFlight(swaps);
            assertThat(virtio.device("disk")).as("open all the time").isSameAs(device);
        }
        assertWorks();
        swaps.awaitOneLoader();
        Resources.awaitBack(before);
    }

    @Test
    public void whatARegistryHadFailsAndCanBeAttachedAgain() throws Exception {
        String path = target();
        Resources before = Resources.now();
        BundleSwaps swaps = new BundleSwaps(context, "org.virtio.core");
        for (int i = 0; i < SWAPS; i++) {
            Await.until("the transport is there", () -> virtio.registry().transports().contains("vhost-user"));
            virtio.attach(path, "disk");
            failsWhatIsInFlight(swaps);
            assertThat(virtio.registry().devices()).isEmpty();
        }
        virtio.attach(path, "disk");
        assertWorks();
        virtio.registry().detach("disk");
        swaps.awaitOneLoader();
        Resources.awaitBack(before);
    }

    private void failsWhatIsInFlight(BundleSwaps swaps) throws Exception {
        Load load = new Load(virtio.block("disk"));
        load.awaitProgress();
        swaps.next();
        load.awaitEnd();
        assertShellWorks();
    }

    private void assertWorks() throws Exception {
        SwapLoad load = new SwapLoad(virtio.block("disk"));
        load.awaitProgress();
        load.close();
        load.assertWritten(image);
    }

    private void assertShellWorks() throws Exception {
        try (Session session = new Session(virtio)) {
            assertThat(session.text("virtio:list")).isNotBlank();
        }
    }
}
