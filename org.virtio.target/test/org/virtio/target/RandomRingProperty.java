// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawQueue.OK;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.virtio.posix.OpenResources;
import org.virtio.target.backend.BlockTarget;

/** Whatever a driver writes into its rings, the JVM lives, nothing else is written to, and other queues go on. */
class RandomRingProperty {
    private static final int DESCRIPTORS = 64;
    private static final int TABLE = 0x8000;

    private static Path directory;
    private static BlockTarget target;
    private static long descriptors;
    private static long mappings;

    @BeforeContainer
    static void start() throws Exception {
        descriptors = OpenResources.fileDescriptors();
        mappings = OpenResources.mappings();
        directory = Files.createTempDirectory("virtio");
        target = new BlockTarget(TargetOptions.ram(directory.resolve("t").toString(), 1 << 20).withQueues(2));
    }

    @AfterContainer
    static void stop() throws Exception {
        target.close();
        Files.delete(directory);
        assertThat(OpenResources.fileDescriptors()).isEqualTo(descriptors);
        assertThat(OpenResources.mappings()).isEqualTo(mappings);
        assertThat(NoLeaks.threads()).isEmpty();
    }

    @Property(tries = 200)
    void garbageRingsHarmNobodyElse(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        try (RawDriver driver = RawDriver.running(directory.resolve("t").toString(),
                RawDriver.FEATURES | (random.nextBoolean() ? RawDriver.EVENT_IDX : 0), 2)) {
            RawQueue bad = driver.queues[0];
            fill(bad, random);
            for (int i = 0; i < 1 + random.nextInt(DESCRIPTORS); i++) {
                bad.put(random.nextInt(random.nextInt(8) == 0 ? 0x10000 : DESCRIPTORS));
            }
            bad.setUsedEvent(random.nextInt());
            bad.publish();
            bad.kick.signal();
            scribble(bad, random);
            assertThat(driver.queues[1].write(0, new byte[512])).isEqualTo(OK);
            assertThat(driver.queues[1].read(0, 512)).containsOnly(0);
            assertThat(driver.stop(0)).isBetween(0, 0xffff);
        }
    }

    private static void fill(RawQueue queue, Random random) {
        for (int i = 0; i < DESCRIPTORS; i++) {
            queue.tableEntry(i * 16, address(queue, random), length(random), flags(random), next(random));
            queue.tableEntry(TABLE + i * 16, address(queue, random), length(random), flags(random), next(random));
            queue.header(RawQueue.DATA + i * 16, random.nextInt(15), random.nextInt(4) == 0 ? random.nextLong()
                : random.nextInt(2048));
        }
    }

    /** The driver changes its tables while the device follows them. */
    private static void scribble(RawQueue queue, Random random) {
        for (int i = 0; i < 1000; i++) {
            queue.tableEntry((random.nextBoolean() ? 0 : TABLE) + random.nextInt(DESCRIPTORS) * 16,
                address(queue, random), length(random), flags(random), next(random));
        }
    }

    /** Within the queue's own memory, mostly; never in the other queue's, which it may write. */
    private static long address(RawQueue queue, Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextLong() & ~(2L * RawQueue.STRIDE - 1);
            case 1 -> queue.address(TABLE);
            case 2 -> RawDriver.GUEST - random.nextInt(64);
            default -> queue.address(RawQueue.DATA + random.nextInt(64) * 16);
        };
    }

    private static int length(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextInt();
            case 1 -> 0;
            case 2 -> 1;
            case 3 -> 512 * random.nextInt(64);
            default -> 16 * random.nextInt(64);
        };
    }

    private static int flags(Random random) {
        return random.nextInt(16) == 0 ? random.nextInt(0x10000) : random.nextInt(8) & (random.nextBoolean() ? 3 : 7);
    }

    private static int next(Random random) {
        return random.nextInt(random.nextInt(16) == 0 ? 0x10000 : DESCRIPTORS);
    }

    /** Any descriptors, of which most are available, some not, and any event suppression. */
    @Property(tries = 200)
    void garbagePackedRingsHarmNobodyElse(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        long options = random.nextLong() & (RawDriver.EVENT_IDX | RawDriver.IN_ORDER);
        try (RawDriver driver = RawDriver.running(directory.resolve("t").toString(),
                RawDriver.FEATURES | RawDriver.PACKED | options, 2)) {
            RawQueue bad = driver.queues[0];
            fill(bad, random);
            for (int i = 0; i < bad.size; i++) {
                rawDescriptor(bad, i, random);
            }
            bad.memory().putInt(RawQueue.AVAILABLE, random.nextInt());
            bad.kick.signal();
            for (int i = 0; i < 1000; i++) {
                rawDescriptor(bad, random.nextInt(bad.size), random);
                bad.tableEntry(TABLE + random.nextInt(DESCRIPTORS) * 16, address(bad, random), length(random), flags(random),
                    next(random));
            }
            assertThat(driver.queues[1].write(0, new byte[512])).isEqualTo(OK);
            assertThat(driver.queues[1].read(0, 512)).containsOnly(0);
            int base = driver.stop(0);
            assertThat(base & 0x7fff).as("next available").isLessThan(bad.size);
            assertThat(base >>> 16 & 0x7fff).as("next used").isLessThan(bad.size);
        }
    }

    private static void rawDescriptor(RawQueue queue, int place, Random random) {
        int lap = random.nextInt(8) == 0 ? random.nextInt(0x10000) & 0x8080 : random.nextInt(4) == 0 ? 0x8000 : 0x80;
        int flags = flags(random) & 0x7f7f | lap;
        ((RawPackedQueue) queue).raw(place, address(queue, random), length(random), random.nextInt(), flags);
    }

    @Property(tries = 200)
    void garbageMessagesHarmOnlyTheirSession(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        try (RawDriver driver = RawDriver.running(directory.resolve("t").toString(), RawDriver.FEATURES, 1)) {
            for (int i = 0; i < 20; i++) {
                byte[] payload = new byte[random.nextInt(4) == 0 ? random.nextInt(300) : new int[] {0, 8, 40}[random.nextInt(3)]];
                random.nextBytes(payload);
                if (random.nextBoolean() && payload.length > 1) {
                    java.util.Arrays.fill(payload, 1, payload.length, (byte) 0);
                }
                driver.frontEnd.send(random.nextInt(45), random.nextInt(8) == 0 ? random.nextInt() : 1 | random.nextInt(2) * 8,
                    ByteBuffer.wrap(payload));
            }
        } catch (java.io.IOException closed) {
            assertThat(closed).hasMessageContaining("EPIPE");
        }
        try (RawDriver next = RawDriver.running(directory.resolve("t").toString(), RawDriver.FEATURES, 1)) {
            assertThat(next.queues[0].write(0, new byte[512])).isEqualTo(OK);
        }
    }
}
