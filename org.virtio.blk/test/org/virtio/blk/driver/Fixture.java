// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.ArrayList;
import java.util.List;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockResult;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

/** A fake device with the driver on it, and what callbacks said. */
final class Fixture implements AutoCloseable, BlockCallback {
    final FakeDevice fake;
    final Settings settings;
    final BlkDevice device;
    /** Context and result of each callback. */
    final List<String> completions = new ArrayList<>();

    private Fixture(FakeDevice fake, Settings settings) throws VirtioException {
        this.fake = fake;
        this.settings = settings;
        this.device = BlkDevice.start(fake, settings);
    }

    /** A device with all that the driver knows and no limits that matter. */
    static FakeDevice capable() {
        return new FakeDevice()
            .offer(BlkFeature.SEG_MAX, BlkConfigLayout.SEG_MAX, 4, 16)
            .offer(BlkFeature.DISCARD, BlkConfigLayout.MAX_DISCARD_SECTORS, 4, 0)
            .offer(BlkFeature.WRITE_ZEROES, BlkConfigLayout.MAX_WRITE_ZEROES_SECTORS, 4, 0)
            .config(BlkConfigLayout.WRITE_ZEROES_MAY_UNMAP, 1, 1);
    }

    static Fixture of(FakeDevice fake) throws VirtioException {
        return new Fixture(fake, new Settings(0, 10_000, 3));
    }

    static Fixture of(FakeDevice fake, int spinMicros, int drainMillis) throws VirtioException {
        return new Fixture(fake, new Settings(spinMicros, drainMillis, 3));
    }

    FakeQueue queue(int index) {
        return fake.queues.get(index);
    }

    /** A buffer with a pattern that depends on the seed. */
    DmaBuffer buffer(int size, int seed) {
        DmaBuffer buffer = fake.memory.allocate(size);
        buffer.bytes().put(0, pattern(size, seed));
        return buffer;
    }

    static byte[] pattern(int size, int seed) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (31 * seed + i + (i >> 8));
        }
        return bytes;
    }

    static byte[] bytes(DmaBuffer buffer) {
        byte[] bytes = new byte[buffer.size()];
        buffer.bytes().get(0, bytes);
        return bytes;
    }

    /** Completes all that is in flight. */
    static void finish(BlockQueue queue) {
        while (queue.inFlight() > 0) {
            queue.await(64, Long.MAX_VALUE / 2);
        }
    }

    @Override
    public void completed(Object context, int result) {
        completions.add(context + " " + BlockResult.toString(result));
    }

    @Override
    public void close() {
        device.close("the test is over");
        device.stop();
    }
}
