// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;
import org.virtio.blk.BlockDevice;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.felix.Layout;
import org.virtio.itest.felix.Resources;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.Failures;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.target.TargetOptions;
import org.virtio.transport.TransportProvider;

/** The transport's bundle is stopped, started, updated and refreshed while several devices work: all they see is a pause. */
public class TransportSwapTest extends FelixTest {
    private static final int MIB = 1 << 20;
    private static final int SWAPS = Integer.getInteger("virtio.test.swaps");
    private static final String USER = "org.virtio.user";

    /** For sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private final List<SwapLoad> loads = new ArrayList<>();
    private final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();

    @Test
    public void nothingIsLostHoweverTheTransportGoesAndComes() throws Exception {
        Path image = StorageDaemon.image(folder.newFile("disk.img").toPath(), MIB);
        try (StorageDaemon daemon = StorageDaemon.ofFile(folder.newFolder("qsd").toPath(), image, 1)) {
            begin(virtio.attach(target("packed"), "packed"));
            begin(virtio.attach(target("split") + "?packed=off&in_order=off&event_idx=off", "split"));
            begin(virtio.attach(daemon.path(), "daemon"));
            List<ServiceReference<BlockDevice>> services = List.copyOf(virtio.references(BlockDevice.class, null));
            for (SwapLoad load : loads) {
                load.awaitProgress();
                load.takeLongestGapNanos();
            }
            Pauses pauses = new Pauses();
            Resources before = Resources.now();
            Set<String> types = virtio.services();
            for (int swap = 0; swap < SWAPS; swap++) {
                swap(swap);
                loaders.add(new WeakReference<>(virtio.service(TransportProvider.class, "(component.name=*VhostUserProvider)")
                    .getClass().getClassLoader()));
                loads.forEach(SwapLoad::awaitProgress);
                pauses.note(loads);
            }
            assertThat(virtio.references(BlockDevice.class, null)).as("the same services").hasSameElementsAs(services);
            for (SwapLoad load : loads) {
                load.close();
            }
            Resources.awaitBack(before);
            assertThat(virtio.services()).isEqualTo(types);
            awaitOneLoader();
            for (String name : List.of("packed", "split", "daemon")) {
                assertThat(virtio.dump(name).state).isEqualTo("ready");
                assertThat(virtio.dump(name).suspensions).isEqualTo(SWAPS);
            }
            loads.get(2).assertWritten(image);
            pauses.print("a swap of the transport's bundle");
        }
    }

    /** Of all that there were of the bundle only the present one is left. */
    private void awaitOneLoader() {
        ClassLoader present = virtio.bundle(USER).adapt(BundleWiring.class).getClassLoader();
        Await.until("the class loaders of the bundle as it was before are gone", () -> {
            System.gc();
            return loaders.stream().map(WeakReference::get).allMatch(loader -> loader == null || loader == present);
        });
        assertThat(loaders).anyMatch(loader -> loader.get() == null);
    }

    private void begin(BlockDevice device) {
        loads.add(new SwapLoad(device));
    }

    private String target(String name) throws Exception {
        return virtio.target(TargetOptions.ram(folder.getRoot() + "/" + name + ".sock", MIB)).path;
    }

    private void swap(int number) throws Exception {
        try {
            switch (number % 3) {
                case 0 -> {
                    virtio.stop(USER);
                    virtio.start(USER);
                }
                case 1 -> update();
                default -> refresh();
            }
        } catch (AssertionError | Exception e) {
            throw Failures.in("swap " + number, e);
        }
    }

    private void update() throws Exception {
        Path jar = Layout.ownBundles().stream().filter(path -> path.getFileName().toString().startsWith(USER + "-")
            || path.getFileName().toString().equals(USER + ".jar")).findFirst().orElseThrow();
        try (InputStream content = Files.newInputStream(jar)) {
            virtio.bundle(USER).update(content);
        }
    }

    private void refresh() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        FrameworkListener listener = event -> {
            if (event.getType() == FrameworkEvent.PACKAGES_REFRESHED) {
                done.countDown();
            }
        };
        Bundle system = context.getBundle(0);
        system.adapt(FrameworkWiring.class).refreshBundles(List.of(virtio.bundle(USER)), listener);
        assertThat(done.await(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)).as("refreshed").isTrue();
    }
}
