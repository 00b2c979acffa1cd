// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.device.DeviceProperties;
import org.virtio.device.VirtioDevice;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.Failures;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;
import org.virtio.transport.TransportProvider;

/** Bundles start and stop, in every order and under load; afterwards all works as before, and nothing is left behind. */
public class LifecycleTest extends FelixTest {
    private static final int MIB = 1 << 20;
    private static final String PCI = "org.virtio.pci";

    /** For sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    @Test
    public void startedInEveryOrderItWorksAndStoppedInAnyNothingIsLeft() throws Exception {
        stopAll(Virtio.STOPPABLE);
        Resources nothing = Resources.now();
        assertThat(nothing.threads()).isEmpty();
        List<List<String>> stopOrders = orders();
        Collections.shuffle(stopOrders, new Random(7));
        int run = 0;
        for (List<String> order : orders()) {
            List<String> stopOrder = stopOrders.get(run++);
            try {
                order.forEach(virtio::start);
                String path = virtio.target(TargetOptions.ram(folder.getRoot() + "/" + run, MIB)).path;
                writeAndVerify(virtio.attach(path, "disk"), run);
                stopAll(stopOrder);
                assertThat(virtio.services()).isEmpty();
                Resources.awaitBack(nothing);
                Await.until("no thread is left", () -> Resources.virtioThreads().isEmpty());
            } catch (AssertionError | Exception e) {
                throw Failures.in("started as " + order + ", stopped as " + stopOrder, e);
            }
        }
        assertThat(run).isEqualTo(120);
    }

    /** All of those that take part in the work, with the transport that does not at each place in turn. */
    private static List<List<String>> orders() {
        List<String> others = Virtio.STOPPABLE.stream().filter(name -> !name.equals(PCI)).toList();
        List<List<String>> orders = permutations(others);
        for (int i = 0; i < orders.size(); i++) {
            orders.get(i).add(i % Virtio.STOPPABLE.size(), PCI);
        }
        return orders;
    }

    @Test
    public void declaredDeviceIsBackWithItsDataHoweverDriverAndTransportGoAndCome() throws Exception {
        virtio.attach(target("disk", null), "disk");
        writeAndVerify(virtio.block("disk"), 1);
        int round = 1;
        for (List<String> stops : permutations(List.of("org.virtio.user", "org.virtio.blk"))) {
            for (List<String> starts : permutations(stops)) {
                stopAll(stops);
                virtio.awaitNoBlock("disk");
                starts.forEach(virtio::start);
                BlockDevice device = virtio.block("disk");
                verify(device, round++);
                writeAndVerify(device, round);
            }
        }
    }

    @Test
    public void stoppedDriverTakesItsServiceAlongAndLeavesTheDeviceOpen() throws Exception {
        BlockDevice device = virtio.attach(target("disk", null), "disk");
        virtio.stop("org.virtio.blk");
        assertThat(virtio.references(BlockDevice.class, null)).isEmpty();
        assertThat(virtio.device("disk").name()).isEqualTo("disk");
        assertThatThrownBy(() -> device.read(0, ByteBuffer.allocate(512))).isInstanceOf(BlockDeviceGoneException.class);
        virtio.start("org.virtio.blk");
        writeAndVerify(virtio.block("disk"), 2);
    }

    @Test
    public void stoppedTransportFailsWhatIsInFlightAndDeclaredDevicesComeBack() throws Exception {
        stopsUnderLoad("org.virtio.user");
        assertThat(virtio.dump("disk").state).isEqualTo("declared");
        assertThat(virtio.references(VirtioDevice.class, Virtio.named("disk"))).isEmpty();
        assertThat(virtio.dump("good").state).isEqualTo("suspended");
        assertThat(virtio.registry().transports()).containsExactly("pci");
        virtio.start("org.virtio.user");
        virtio.block("disk");
        verify(virtio.block("good"), 9);
    }

    @Test
    public void stoppedDriverFailsWhatIsInFlight() throws Exception {
        stopsUnderLoad("org.virtio.blk");
        virtio.start("org.virtio.blk");
        virtio.block("disk");
        verify(virtio.block("good"), 9);
    }

    @Test
    public void stoppedRegistryFailsWhatIsInFlightAndForgetsItsDevices() throws Exception {
        stopsUnderLoad("org.virtio.core");
        assertThat(virtio.references(VirtioDevice.class, null)).isEmpty();
        virtio.start("org.virtio.core");
        assertThat(virtio.registry().devices()).isEmpty();
        assertThat(virtio.registry().transports()).containsExactly("pci", "vhost-user");
    }

    @Test
    public void stoppedTargetFailsTheDeviceAndWhatIsInFlight() throws Exception {
        stopsUnderLoad("org.virtio.target");
        assertThat(virtio.awaitFailure("disk")).isNotBlank();
        virtio.awaitNoBlock("disk");
        virtio.registry().detach("disk");
        virtio.start("org.virtio.target");
        writeAndVerify(virtio.attach(target("disk", null), "disk"), 5);
    }

    /** The target of one device keeps all requests from the third on; another device behaves. */
    private void stopsUnderLoad(String bundle) throws Exception {
        writeAndVerify(virtio.attach(target("good", null), "good"), 9);
        BlockDevice device = virtio.attach(target("disk", "stall@3+") + "?grace=0", "disk");
        List<CompletableFuture<Void>> reads = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            reads.add(device.readAsync(i * 512L, ByteBuffer.allocate(512)));
        }
        Await.until("those that are not done are the target's", () -> {
            int pending = (int) reads.stream().filter(read -> !read.isDone()).count();
            return virtio.dump("disk").queues.stream().mapToInt(queue -> queue.inFlight).sum() == pending;
        });
        virtio.stop(bundle);
        Await.until("all requests have ended", () -> reads.stream().allMatch(CompletableFuture::isDone));
        long failed = reads.stream().filter(CompletableFuture::isCompletedExceptionally).count();
        assertThat(failed).isPositive();
        reads.stream().filter(CompletableFuture::isCompletedExceptionally).forEach(read ->
            assertThatThrownBy(read::join).hasCauseInstanceOf(BlockDeviceGoneException.class)
                .cause().message().isNotBlank());
    }

    @Test
    public void servicesAreSelectedByTheirPropertiesAndFollowTheState() throws Exception {
        String path = target("disk", null);
        virtio.attach(path, "disk");
        for (Class<?> type : List.of(VirtioDevice.class, BlockDevice.class)) {
            for (String filter : List.of("(virtio.name=disk)", "(virtio.type=blk)", "(virtio.transport=vhost-user)",
                    "(virtio.address=vhost-user:" + path + ")")) {
                assertThat(virtio.references(type, filter)).as(type + filter).hasSize(1);
            }
            assertThat(virtio.references(type, "(virtio.name=other)")).isEmpty();
        }
        Await.until("it is ready", () -> virtio.references(VirtioDevice.class, "(virtio.state=ready)").size() == 1);
        virtio.stop("org.virtio.blk");
        Await.until("it is open", () -> virtio.references(VirtioDevice.class, "(virtio.state=open)").size() == 1);
        virtio.start("org.virtio.blk");
        Await.until("it is ready", () -> virtio.references(VirtioDevice.class, "(virtio.state=ready)").size() == 1);
        virtio.service(TargetManager.class).delete(path);
        for (Class<?> type : List.of(VirtioDevice.class, BlockDevice.class)) {
            Await.until("it is suspended", () -> virtio.references(type, "(virtio.state=suspended)").size() == 1);
        }
        virtio.target(TargetOptions.ram(path, MIB));
        for (Class<?> type : List.of(VirtioDevice.class, BlockDevice.class)) {
            Await.until("it is ready", () -> virtio.references(type, "(virtio.state=ready)").size() == 1);
        }
    }

    @Test
    public void everyStepOfADeviceIsAnEvent() throws Exception {
        try (Events events = new Events(context, "disk")) {
            String path = target("disk", null);
            virtio.attach(path, "disk");
            assertThat(events.await("READY").getProperty(DeviceProperties.ADDRESS)).isEqualTo("vhost-user:" + path);
            virtio.registry().detach("disk");
            assertThat(events.await("REMOVED").getProperty(DeviceProperties.TYPE)).isEqualTo("blk");
            events.clear();
            virtio.attach(path, "disk");
            events.await("READY");
            events.clear();
            virtio.stop("org.virtio.user");
            Object reason = events.await("SUSPENDED").getProperty(DeviceProperties.REASON);
            assertThat(reason).isEqualTo("the transport 'vhost-user' went");
            virtio.start("org.virtio.user");
            events.await("READY");
        }
    }

    @Test
    public void worksWithoutAnEventService() throws Exception {
        virtio.stop("org.apache.felix.eventadmin");
        try {
            writeAndVerify(virtio.attach(target("disk", null), "disk"), 6);
        } finally {
            virtio.start("org.apache.felix.eventadmin");
        }
    }

    @Test
    public void providerIsAServiceThatComesAndGoesWithItsBundle() {
        virtio.stop("org.virtio.pci");
        assertThat(virtio.service(TransportProvider.class).scheme()).isEqualTo("vhost-user");
        virtio.stop("org.virtio.user");
        assertThat(virtio.references(TransportProvider.class, null)).isEmpty();
        virtio.start("org.virtio.user");
        assertThat(virtio.service(TransportProvider.class).scheme()).isEqualTo("vhost-user");
    }

    private String target(String name, String faults) throws Exception {
        return virtio.target(TargetOptions.ram(folder.getRoot() + "/" + name + ".sock", MIB).withFaults(faults)).path;
    }

    private void stopAll(List<String> bundles) {
        bundles.forEach(virtio::stop);
    }

    private static void writeAndVerify(BlockDevice device, int number) throws Exception {
        device.write(0, ByteBuffer.wrap(pattern(number)));
        verify(device, number);
    }

    private static void verify(BlockDevice device, int number) throws Exception {
        ByteBuffer read = ByteBuffer.allocate(64 * 1024);
        device.read(0, read);
        assertThat(read.array()).isEqualTo(pattern(number));
    }

    private static byte[] pattern(int number) {
        byte[] bytes = new byte[64 * 1024];
        new Random(number).nextBytes(bytes);
        return bytes;
    }

    private static List<List<String>> permutations(List<String> of) {
        if (of.isEmpty()) {
            return new ArrayList<>(List.of(List.of()));
        }
        List<List<String>> permutations = new ArrayList<>();
        for (String first : of) {
            for (List<String> rest : permutations(of.stream().filter(name -> !name.equals(first)).toList())) {
                List<String> permutation = new ArrayList<>(List.of(first));
                permutation.addAll(rest);
                permutations.add(permutation);
            }
        }
        return permutations;
    }
}
