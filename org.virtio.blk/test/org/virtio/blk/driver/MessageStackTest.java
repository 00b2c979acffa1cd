// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockResult;
import org.virtio.blk.message.MessageDisk;
import org.virtio.blk.message.MessageProvider;
import org.virtio.core.device.CoreDevice;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;
import org.virtio.memory.DmaBuffer;
import org.virtio.posix.OpenResources;
import org.virtio.queue.QueueResult;

/** The driver on the core on a transport whose queues are no rings: everything is sent through sockets. */
@Timeout(60)
class MessageStackTest {
    private static final int CAPACITY = 16 << 20;
    private static final int BLOCK = 512;

    private final Random random = new Random(1);
    private final byte[] expected = new byte[CAPACITY];
    private final long mappings = OpenResources.mappings();
    private MessageDisk disk;
    private CoreDevice core;
    private BlkDevice device;

    @BeforeEach
    void open() throws Exception {
        random.nextBytes(expected);
        disk = new MessageDisk(CAPACITY);
        System.arraycopy(expected, 0, disk.bytes, 0, CAPACITY);
        core = CoreDevice.open(new MessageProvider(), DeviceAddress.parse(disk.address()), type -> "disk0");
        device = BlkDevice.start(core, new Settings(20, 2000, 3));
    }

    @AfterEach
    void close() throws Exception {
        device.close("the test is over");
        device.stop();
        assertThat(core.memory().allocated()).as("all memory was given back").isZero();
        core.close();
        disk.close();
        assertThat(OpenResources.mappings()).isEqualTo(mappings);
        assertThat(Thread.getAllStackTraces().keySet()).filteredOn(Thread::isAlive).extracting(Thread::getName)
            .noneMatch(name -> name.startsWith("message ") || name.startsWith("virtio-blk disk0 queue"));
    }

    /** Somewhere on the device, a random number of blocks. */
    private int[] range(int maxBlocks) {
        int length = (1 + random.nextInt(maxBlocks)) * BLOCK;
        return new int[] {random.nextInt((CAPACITY - length) / BLOCK) * BLOCK, length};
    }

    private byte[] newData(int[] range) {
        byte[] data = new byte[range[1]];
        random.nextBytes(data);
        System.arraycopy(data, 0, expected, range[0], range[1]);
        return data;
    }

    private byte[] expected(int[] range) {
        return Arrays.copyOfRange(expected, range[0], range[0] + range[1]);
    }

    @Test
    void theThreeWaysOnTwoQueues() throws Exception {
        try (BlockQueue queue = device.openQueue()) {
            for (int round = 0; round < 5; round++) {
                futures();
                blocking();
                owned(queue);
            }
        }
        assertThat(disk.bytes).isEqualTo(expected);
        assertThat(disk.overtaking).as("answers came out of order").hasPositiveValue();
        assertThat(core.dump().queues).hasSize(2).allSatisfy(queue -> {
            assertThat(queue.format).isEqualTo("message");
            assertThat(queue.requests).isGreaterThan(50);
            assertThat(queue.completions).isEqualTo(queue.requests);
            assertThat(queue.freeDescriptors).isEqualTo(queue.size);
        });
        assertThat(device.id()).isEqualTo("message disk");
    }

    private void futures() {
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            // Apart from each other, as what is in flight at the same time has no order.
            int[] range = {i << 20, range(64)[1]};
            futures.add(device.writeAsync(range[0], ByteBuffer.wrap(newData(range))));
        }
        futures.add(device.flushAsync());
        futures.forEach(CompletableFuture::join);
        futures.clear();
        List<Runnable> checks = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            int[] range = range(64);
            ByteBuffer data = ByteBuffer.allocate(range[1]);
            futures.add(device.readAsync(range[0], data));
            checks.add(() -> assertThat(data.array()).isEqualTo(expected(range)));
        }
        futures.forEach(CompletableFuture::join);
        checks.forEach(Runnable::run);
    }

    private void blocking() throws Exception {
        for (int i = 0; i < 20; i++) {
            int[] range = range(16);
            device.write(range[0], ByteBuffer.wrap(newData(range)));
            ByteBuffer back = ByteBuffer.allocate(range[1]);
            device.read(range[0], back);
            assertThat(back.array()).isEqualTo(expected(range));
        }
        device.flush();
    }

    private void owned(BlockQueue queue) throws Exception {
        int depth = 32;
        int size = 8 * BLOCK;
        AtomicInteger ok = new AtomicInteger();
        BlockCallback count = (context, result) -> ok.addAndGet(result == BlockResult.OK ? 1 : 0);
        try (DmaBuffer buffer = device.memory().allocate(depth * size)) {
            for (int i = 0; i < depth; i++) {
                buffer.bytes().put(i * size, newData(new int[] {i * size * 3, size}));
                assertThat(queue.write(i * size * 3L, buffer, i * size, size, count, null)).isEqualTo(QueueResult.OK);
            }
            Fixture.finish(queue);
            buffer.bytes().put(0, new byte[depth * size]);
            for (int i = 0; i < depth; i++) {
                assertThat(queue.read(i * size * 3L, buffer, i * size, size, count, null)).isEqualTo(QueueResult.OK);
            }
            Fixture.finish(queue);
            assertThat(ok).hasValue(2 * depth);
            for (int i = 0; i < depth; i++) {
                assertThat(buffer.bytes().slice(i * size, size)).isEqualTo(ByteBuffer.wrap(expected, i * size * 3, size));
            }
        }
    }

    @Test
    void moreThanTheConnectionTakesAtOnce() throws Exception {
        int[] all = {0, CAPACITY};
        device.write(0, ByteBuffer.wrap(newData(all)));
        ByteBuffer back = ByteBuffer.allocate(CAPACITY);
        device.read(0, back);
        assertThat(back.array()).isEqualTo(expected);
    }

    @Test
    void aDeviceThatAnswersLateIsWaitedForAsleep() throws Exception {
        disk.silent = true;
        CompletableFuture<Void> flush = device.flushAsync();
        awaitArrived(1);
        assertThat(flush).isNotDone();
        disk.silent = false;
        // The disk looks at what it has when more arrives.
        device.flush();
        flush.join();
    }

    @Test
    void whatIsInFlightFailsOnceWhenTheBackEndDies() throws Exception {
        disk.silent = true;
        AtomicInteger ended = new AtomicInteger();
        AtomicInteger gone = new AtomicInteger();
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        try (BlockQueue queue = device.openQueue()) {
            DmaBuffer buffer = device.memory().allocate(32 * BLOCK);
            for (int i = 0; i < 32; i++) {
                queue.read(0, buffer, i * BLOCK, BLOCK, (context, result) ->
                    gone.addAndGet(result == BlockResult.DEVICE_GONE ? 1 : 1000), null);
            }
            queue.submit();
            for (int i = 0; i < 32; i++) {
                futures.add(i % 2 == 0 ? device.readAsync(0, ByteBuffer.allocate(BLOCK))
                    : device.writeAsync(0, ByteBuffer.allocate(256 * BLOCK)));
                futures.get(i).whenComplete((nothing, failure) -> ended.incrementAndGet());
            }
            awaitArrived(64);
            disk.close();
            while (queue.inFlight() > 0) {
                queue.await(64, TimeUnit.SECONDS.toNanos(10));
            }
            assertThat(gone).hasValue(32);
            assertThat(queue.failure()).contains("the back end closed the connection");
            buffer.close();
        }
        futures.forEach(future -> assertThat(catchThrowable(future::join).getCause())
            .isInstanceOf(BlockDeviceGoneException.class).hasMessageMatching(".* of disk0: .*(closed|lost|reset).*"));
        assertThat(ended).hasValue(32);
        while (core.state() != DeviceState.FAILED) {
            Thread.sleep(1);
        }
        assertThat(core.failure()).isEqualTo("the back end closed the connection");
        assertThatThrownBy(device::flush).isInstanceOf(BlockDeviceGoneException.class);
    }

    private void awaitArrived(int count) throws InterruptedException {
        while (disk.arrived.get() < count) {
            Thread.sleep(1);
        }
    }

    @Test
    void aLieBreaksItsQueueAlone() throws Exception {
        try (BlockQueue queue = device.openQueue()) {
            disk.wrongId = 1000;
            assertThatThrownBy(device::flush).isInstanceOf(BlockDeviceGoneException.class)
                .hasMessageMatching("flush of disk0: an answer to request 1\\d{3}, which the device does not have");
            disk.wrongId = 0;
            AtomicInteger result = new AtomicInteger(-1);
            queue.flush((context, given) -> result.set(given), null);
            Fixture.finish(queue);
            assertThat(result).hasValue(BlockResult.OK);
        }
        assertThat(core.state()).isEqualTo(DeviceState.READY);
    }

    @Test
    void aChangeIsAnnouncedAndADeviceStartsAgain() throws Exception {
        device.close("another driver wants it");
        device.stop();
        FakeFramework framework = new FakeFramework();
        CompletableFuture<Long> told = new CompletableFuture<>();
        BlkDriver driver = new BlkDriver(framework.context(), FakeFramework.config(20, 2000));
        driver.bind(core, Map.of());
        assertThat(framework.news).containsExactly("registered");
        framework.service.addListener((changed, before, now) -> told.complete(now));
        disk.capacity(CAPACITY / 2);
        assertThat(told.get()).isEqualTo(CAPACITY / 2);
        framework.service.flush();
        driver.unbind(core);
        assertThat(framework.news).containsExactly("registered", "unregister");
        device = BlkDevice.start(core, new Settings(20, 2000, 3));
        device.flush();
    }
}
