// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.After;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockIoErrorException;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockResult;
import org.virtio.device.VirtioDevice;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;

/** What can become of a device that qemu-storage-daemon serves. */
public class DaemonTest extends FelixTest {
    private static final int MIB = 1 << 20;
    private static final int REQUESTS = 128;
    /** Room for {@link #REQUESTS} of three descriptors each. */
    private static final String QUEUE_SIZE = "?size=512&grace=0";

    /** For sockets and images. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private final List<StorageDaemon> daemons = new ArrayList<>();

    @After
    public void endDaemons() throws Exception {
        try {
            virtio.detachAll();
        } finally {
            for (StorageDaemon daemon : daemons) {
                daemon.close();
            }
        }
    }

    @Test
    public void killedWithRequestsOfAnOwnedQueueInFlightFailsEachOfThemOnce() throws Exception {
        StorageDaemon daemon = slowDisk(1);
        BlockDevice device = virtio.attach(daemon.path() + QUEUE_SIZE, "disk");
        int[] ends = new int[REQUESTS];
        try (DmaBuffer buffer = device.memory().allocate(REQUESTS * 512); BlockQueue queue = device.openQueue()) {
            for (int i = 0; i < REQUESTS; i++) {
                int number = i;
                assertThat(queue.read(i * 512L, buffer, i * 512, 512, (context, result) -> {
                    assertThat(BlockResult.toString(result)).isEqualTo("DEVICE_GONE");
                    ends[number]++;
                }, ends)).isEqualTo(QueueResult.OK);
            }
            queue.submit();
            virtio.awaitInFlight("disk", REQUESTS);
            daemon.kill();
            Await.until("all requests have ended", () -> {
                queue.await(REQUESTS, 1_000_000);
                return queue.inFlight() == 0;
            });
            assertThat(ends).containsOnly(1);
            assertThat(queue.failure()).isNotBlank();
            assertThat(queue.flush((context, result) -> ends[0]++, ends)).isEqualTo(QueueResult.BROKEN);
        }
        assertThat(virtio.awaitFailure("disk")).isNotBlank();
        attachesAgain(daemon);
    }

    @Test
    public void killedWithFuturesInFlightOnTwoQueuesFailsAllOfThemWithTheReason() throws Exception {
        StorageDaemon daemon = slowDisk(2);
        BlockDevice device = virtio.attach(daemon.path() + QUEUE_SIZE, "disk");
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        Thread[] threads = new Thread[2];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                for (int request = 0; request < REQUESTS / threads.length; request++) {
                    CompletableFuture<Void> future = device.writeAsync(request * 512L, ByteBuffer.allocate(512));
                    synchronized (futures) {
                        futures.add(future);
                    }
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        virtio.awaitInFlight("disk", REQUESTS);
        daemon.kill();
        assertThat(futures).hasSize(REQUESTS);
        for (CompletableFuture<Void> future : futures) {
            assertThatThrownBy(() -> BlockIo.await(future)).isInstanceOf(ExecutionException.class).cause()
                .isInstanceOf(BlockDeviceGoneException.class).hasMessageContaining(virtio.dump("disk").failure);
        }
        assertThatThrownBy(() -> device.flush()).isInstanceOf(BlockException.class);
        attachesAgain(daemon);
    }

    @Test
    public void killedWhileIdleTheDeviceFailsAndSaysSo() throws Exception {
        StorageDaemon daemon = keep(StorageDaemon.ofFile(root(), image(MIB), 1));
        virtio.attach(daemon.path() + "?grace=0", "disk").flush();
        daemon.kill();
        assertThat(virtio.awaitFailure("disk")).isNotBlank();
        attachesAgain(daemon);
    }

    private void attachesAgain(StorageDaemon killed) throws Exception {
        virtio.registry().detach("disk");
        killed.close();
        StorageDaemon next = keep(StorageDaemon.ofFile(root(), image(MIB), 1));
        BlockDevice device = virtio.attach(next.path(), "disk");
        device.write(0, ByteBuffer.wrap(new byte[512]));
        device.flush();
    }

    /** This daemon tells its front end nothing of a resize, and its configuration stays: {@link TargetTest} has the event. */
    @Test
    public void aResizeThatTheDaemonKeepsToItselfDoesNoHarm() throws Exception {
        StorageDaemon daemon = keep(StorageDaemon.ofFile(root(), image(MIB), 1));
        BlockDevice device = virtio.attach(daemon.path(), "disk");
        daemon.resize(3L * MIB);
        assertThat(Files.size(root().resolve("disk.img"))).isEqualTo(3 * MIB);
        byte[] end = new byte[512];
        end[511] = 1;
        device.write(MIB - 512, ByteBuffer.wrap(end));
        device.flush();
        assertThat(Arrays.copyOf(Files.readAllBytes(root().resolve("disk.img")), MIB)).endsWith(end);
        virtio.registry().detach("disk");
        assertThat(virtio.attach(daemon.path(), "disk").capacity()).isIn((long) MIB, 3L * MIB);
    }

    @Test
    public void readOnlyExportIsReadAndRefusesWritesBeforeTheDeviceDoes() throws Exception {
        Path image = image(MIB);
        byte[] data = new byte[MIB];
        new Random(6).nextBytes(data);
        Files.write(image, data);
        StorageDaemon daemon = keep(StorageDaemon.start(root(), "node-name=disk,writable=off",
            "--blockdev", "driver=file,node-name=disk,read-only=on,filename=" + image));
        BlockDevice device = virtio.attach(daemon.path(), "disk");
        assertThat(device.isReadOnly()).isTrue();
        ByteBuffer read = ByteBuffer.allocate(MIB);
        device.read(0, read);
        assertThat(read.array()).isEqualTo(data);
        assertThatThrownBy(() -> device.write(0, ByteBuffer.allocate(512))).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("read-only");
        assertThatThrownBy(() -> device.discard(0, 512)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    public void anErrorOfTheBackEndIsAnIoErrorOfThatRequestAlone() throws Exception {
        StorageDaemon daemon = keep(StorageDaemon.start(root(), "node-name=disk,writable=on",
            "--blockdev", "driver=blkdebug,node-name=disk,image.driver=file,image.filename=" + image(MIB)
                + ",inject-error.0.event=none,inject-error.0.iotype=read,inject-error.0.sector=8,inject-error.0.errno=5"
                + ",inject-error.1.event=none,inject-error.1.iotype=flush,inject-error.1.errno=28"));
        BlockDevice device = virtio.attach(daemon.path(), "disk");
        assertThatThrownBy(() -> device.read(8 * 512, ByteBuffer.allocate(512))).isInstanceOf(BlockIoErrorException.class)
            .hasMessageContaining("4096");
        device.write(0, ByteBuffer.allocate(512));
        assertThatThrownBy(device::flush).isInstanceOf(BlockIoErrorException.class);
        assertThatThrownBy(() -> BlockIo.await(device.readAsync(0, ByteBuffer.allocate(16 * 512))))
            .hasCauseInstanceOf(BlockIoErrorException.class);
        device.read(0, ByteBuffer.allocate(512));
        device.write(8 * 512, ByteBuffer.allocate(512));
        assertThat(virtio.dump("disk").state).isEqualTo("ready");
    }

    @Test
    public void largeBlocksAndTheirTopologyAreKept() throws Exception {
        StorageDaemon daemon = keep(StorageDaemon.start(root(), "node-name=disk,writable=on,logical-block-size=4096",
            "--blockdev", "driver=file,node-name=disk,filename=" + image(MIB)));
        BlockDevice device = virtio.attach(daemon.path(), "disk");
        assertThat(device.blockSize()).isEqualTo(4096);
        assertThat(device.capacity()).isEqualTo(MIB);
        assertThatThrownBy(() -> device.write(512, ByteBuffer.allocate(4096))).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("512");
        byte[] ones = new byte[4096];
        ones[0] = 1;
        device.write(4096, ByteBuffer.wrap(ones));
        device.flush();
        assertThat(Files.readAllBytes(root().resolve("disk.img"))[4096]).isEqualTo((byte) 1);
    }

    @Test
    public void severalDevicesDoNotDisturbOneAnother() throws Exception {
        StorageDaemon slow = keep(StorageDaemon.ofSlowDisk(folder.newFolder("slow").toPath(), MIB, 1));
        StorageDaemon fast = keep(StorageDaemon.ofFile(root(), image(MIB), 1));
        CompletableFuture<Void> stuck = virtio.attach(slow.path() + "?grace=0", "slow").readAsync(0, ByteBuffer.allocate(512));
        BlockDevice device = virtio.attach(fast.path(), "fast");
        device.write(0, ByteBuffer.allocate(512));
        slow.kill();
        assertThatThrownBy(() -> BlockIo.await(stuck)).hasCauseInstanceOf(BlockDeviceGoneException.class);
        device.write(0, ByteBuffer.allocate(512));
        VirtioDevice other = virtio.device("fast");
        assertThat(other.failure()).isNull();
    }

    private StorageDaemon slowDisk(int queues) throws IOException {
        return keep(StorageDaemon.ofSlowDisk(root(), MIB, queues));
    }

    private StorageDaemon keep(StorageDaemon daemon) {
        daemons.add(daemon);
        return daemon;
    }

    private Path image(long size) throws IOException {
        return StorageDaemon.image(root().resolve("disk.img"), size);
    }

    private Path root() {
        return folder.getRoot().toPath();
    }
}
