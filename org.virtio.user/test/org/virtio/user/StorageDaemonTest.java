// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.device.DeviceAddress;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.posix.OpenResources;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.Feature;

/** Against a back end that nobody here wrote. */
class StorageDaemonTest {
    private static final int REGION_SIZE = 2 << 20;

    private final RecordingListener listener = new RecordingListener();
    private Path directory;
    private long fileDescriptors;
    private StorageDaemon daemon;
    private VhostUserProvider provider;

    @BeforeEach
    void start(@TempDir Path directory) throws IOException {
        fileDescriptors = OpenResources.fileDescriptors();
        this.directory = directory;
        daemon = new StorageDaemon(directory, 2, 0);
        provider = new VhostUserProvider();
    }

    @AfterEach
    void stop() {
        provider.deactivate();
        daemon.close();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(fileDescriptors);
    }

    private VhostUserTransport open(String options) throws VirtioException {
        return (VhostUserTransport) provider.open(DeviceAddress.parse("vhost-user:" + daemon.socket() + options), listener);
    }

    private void map(VhostUserTransport transport, TestRegion region) throws VirtioException {
        assertThat(transport.map(region)).isEqualTo(region.address());
    }

    private static void negotiate(VhostUserTransport transport) throws VirtioException {
        transport.status(DeviceStatus.RESET);
        assertThat(transport.status()).isEqualTo(DeviceStatus.RESET);
        transport.status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        transport.driverFeatures(FeatureSet.of(Feature.VERSION_1, Feature.INDIRECT_DESC, BlkFeature.MQ));
        transport.status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK);
        assertThat(transport.status() & DeviceStatus.FEATURES_OK).isNotZero();
    }

    private static void startDevice(VhostUserTransport transport) throws VirtioException {
        transport.status(transport.status() | DeviceStatus.DRIVER_OK);
        assertThat(transport.status() & DeviceStatus.DRIVER_OK).isNotZero();
    }

    @Test
    void tellsWhatItIs() throws IOException {
        try (VhostUserTransport transport = open("")) {
            assertThat(transport.deviceFeatures().containsAll(FeatureSet.of(Feature.VERSION_1, Feature.EVENT_IDX))).isTrue();
            assertThat(transport.deviceFeatures().contains(Feature.VHOST_USER_PROTOCOL_FEATURES)).isFalse();
            assertThat(transport.deviceFeatures().contains(Feature.VHOST_LOG_ALL)).isFalse();
            assertThat(transport.maxQueues()).isEqualTo(2);
            assertThat(transport.details()).containsEntry("socket", daemon.socket().toString())
                .containsEntry("peer pid", (int) daemon.pid())
                .containsEntry("protocol features", List.of("MQ", "REPLY_ACK", "BACKEND_REQ", "CONFIG", "CONFIGURE_MEM_SLOTS"))
                .containsEntry("memory slots", 32L);
        }
    }

    @Test
    void hasAConfiguration() throws IOException {
        try (VhostUserTransport transport = open("")) {
            byte[] all = transport.readConfig(0, BlkConfigLayout.SIZE);
            assertThat(little(all).getLong(BlkConfigLayout.CAPACITY)).isEqualTo(StorageDaemon.SECTORS);
            byte[] queues = transport.readConfig(BlkConfigLayout.NUM_QUEUES, 2);
            assertThat(little(queues).getShort(0)).isEqualTo((short) 2);
            assertThatThrownBy(() -> transport.readConfig(200, 8)).isInstanceOf(VirtioException.class)
                .hasMessage("the back end has no configuration at offset 200, length 8");
        }
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void readsOnBothQueuesAndAgainAfterAReset() throws IOException {
        try (VhostUserTransport transport = open(""); TestRegion first = new TestRegion(REGION_SIZE);
             TestRegion second = new TestRegion(REGION_SIZE)) {
            map(transport, first);
            map(transport, second);
            BlockReader[] readers = {new BlockReader(first, 256), new BlockReader(second, 1024)};
            for (int round = 0; round < 3; round++) {
                negotiate(transport);
                readers[0].setUp(transport, 0);
                readers[1].setUp(transport, 1);
                startDevice(transport);
                for (int i = 0; i < 300; i++) {
                    assertThat(readers[i & 1].readSector()).isZero();
                }
            }
            transport.status(DeviceStatus.RESET);
            transport.unmap(second);
            transport.unmap(first);
        }
    }

    /** Each time with another size, in the same memory; the other queue's requests are under way all the time. */
    @Test
    void resetsOneQueueWhileTheOtherWorks() throws Exception {
        try (VhostUserTransport transport = open(""); TestRegion first = new TestRegion(REGION_SIZE);
             TestRegion second = new TestRegion(REGION_SIZE)) {
            map(transport, first);
            map(transport, second);
            BlockReader other = new BlockReader(second, 256);
            negotiate(transport);
            new BlockReader(first, 256).setUp(transport, 0);
            other.setUp(transport, 1);
            startDevice(transport);
            AtomicInteger reads = new AtomicInteger();
            AtomicBoolean enough = new AtomicBoolean();
            CompletableFuture<Void> work = CompletableFuture.runAsync(() -> {
                while (!enough.get()) {
                    assertThat(other.readSector()).isZero();
                    reads.incrementAndGet();
                }
            });
            try {
                for (int size : new int[] {64, 1024, 4, 256}) {
                    transport.resetQueue(0);
                    awaitMore(reads, work);
                    BlockReader again = new BlockReader(first, size);
                    again.setUp(transport, 0);
                    for (int i = 0; i < 2 * size; i++) {
                        assertThat(again.readSector()).isZero();
                    }
                    awaitMore(reads, work);
                }
            } finally {
                // Before its memory is unmapped, also when the test fails.
                enough.set(true);
                work.get(20, TimeUnit.SECONDS);
            }
            transport.status(DeviceStatus.RESET);
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    /** This daemon leaves it to the front end to wait, and would write to a ring that is another's by then. */
    @Test
    void requestsInFlightAreUsedBeforeAQueueOrTheDeviceIsReset() throws Exception {
        daemon.close();
        daemon = new StorageDaemon(Files.createDirectory(directory.resolve("slow")), 2, 200);
        try (VhostUserTransport transport = open(""); TestRegion region = new TestRegion(REGION_SIZE)) {
            map(transport, region);
            BlockReader reader = new BlockReader(region, 16);
            negotiate(transport);
            reader.setUp(transport, 0);
            startDevice(transport);
            reader.submit();
            transport.resetQueue(0);
            assertThat(reader.status()).isZero();
            reader.setUp(transport, 0);
            assertThat(reader.readSector()).isZero();
            reader.submit();
            transport.status(DeviceStatus.RESET);
            assertThat(reader.status()).isZero();
            assertThat(transport.status()).isZero();
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    private static void awaitMore(AtomicInteger reads, CompletableFuture<?> work) {
        int seen = reads.get();
        long start = System.nanoTime();
        while (reads.get() - seen < 3) {
            assertThat(work).as("requests of the other queue").isNotDone();
            assertThat(System.nanoTime() - start).as("time for three reads").isLessThan(TimeUnit.SECONDS.toNanos(10));
            Thread.onSpinWait();
        }
    }

    @Test
    void takesTheGreatestQueueOfTheSpecification() throws IOException {
        try (VhostUserTransport transport = open("?size=32768"); TestRegion region = new TestRegion(REGION_SIZE)) {
            map(transport, region);
            BlockReader reader = new BlockReader(region, transport.queueSize(0));
            negotiate(transport);
            reader.setUp(transport, 0);
            startDevice(transport);
            for (int i = 0; i < 100; i++) {
                assertThat(reader.readSector()).isZero();
            }
        }
    }

    @Test
    void takesMemoryWhileItRuns() throws IOException {
        try (VhostUserTransport transport = open(""); TestRegion first = new TestRegion(REGION_SIZE);
             TestRegion second = new TestRegion(REGION_SIZE)) {
            map(transport, first);
            BlockReader reader = new BlockReader(first, 16);
            negotiate(transport);
            reader.setUp(transport, 0);
            startDevice(transport);
            map(transport, second);
            assertThat(reader.readSector()).isZero();
            transport.status(DeviceStatus.RESET);
            transport.unmap(first);
            BlockReader other = new BlockReader(second, 16);
            negotiate(transport);
            other.setUp(transport, 0);
            startDevice(transport);
            assertThat(other.readSector()).isZero();
        }
    }

    @Test
    void opensAgainAfterClose() throws IOException {
        for (int i = 0; i < 3; i++) {
            try (VhostUserTransport transport = open("?queues=1")) {
                assertThat(transport.maxQueues()).isEqualTo(1);
            }
        }
    }

    @Test
    void itsDeathIsNoticedAtOnce() throws Exception {
        try (VhostUserTransport transport = open("")) {
            daemon.close();
            assertThat(listener.next()).isEqualTo("the back end closed the connection");
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class)
                .hasMessage("the back end closed the connection");
        }
        assertThat(listener.toldNothing()).isTrue();
    }
}
