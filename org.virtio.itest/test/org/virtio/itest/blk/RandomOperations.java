// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.virtio.blk.BlockDevice;
import org.virtio.itest.blk.BlockIo.Way;

/** Does the same to a device and to an array, and compares. */
final class RandomOperations {
    /** The greatest length of an operation. */
    static final int MAX_LENGTH = 8 << 20;

    private static final int SMALL_BLOCKS = 64;

    private final BlockDevice device;
    private final Random random;
    private final byte[] model;
    /** Blocks that were discarded: what they hold is the device's choice. */
    private final BitSet undefined = new BitSet();

    /** Begins with a device that holds these bytes. */
    RandomOperations(BlockDevice device, byte[] contents, long seed) {
        this.device = device;
        this.random = new Random(seed);
        this.model = contents;
    }

    /** What a device must hold now, but for discarded ranges. */
    void assertContents(String of, byte[] contents) {
        for (int position = 0; position < model.length; position += device.blockSize()) {
            int end = position + device.blockSize();
            if (!undefined.get(position / device.blockSize()) && !Arrays.equals(model, position, end, contents, position, end)) {
                assertThat(Arrays.copyOfRange(contents, position, end)).as(of + " at " + position)
                    .isEqualTo(Arrays.copyOfRange(model, position, end));
            }
        }
    }

    void run(int operations) throws Exception {
        try (BlockIo io = new BlockIo(device, MAX_LENGTH)) {
            for (int i = 0; i < operations; i++) {
                operate(io);
            }
        }
    }

    private void operate(BlockIo io) throws Exception {
        int length = length();
        int position = random.nextInt((model.length - length) / device.blockSize() + 1) * device.blockSize();
        Way way = Way.values()[random.nextInt(Way.values().length)];
        switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> {
                byte[] data = new byte[length];
                random.nextBytes(data);
                io.write(way, position, data);
                System.arraycopy(data, 0, model, position, length);
                undefined.clear(block(position), block(position + length));
            }
            case 4, 5, 6, 7 -> check(way, position, io.read(way, position, length));
            case 8 -> {
                writeZeroes(position, length);
                Arrays.fill(model, position, position + length, (byte) 0);
                undefined.clear(block(position), block(position + length));
            }
            default -> {
                discard(position, length);
                undefined.set(block(position), block(position + length));
            }
        }
        if (random.nextInt(16) == 0) {
            device.flush();
        }
    }

    private void writeZeroes(int position, int length) throws Exception {
        boolean unmap = random.nextBoolean();
        if (random.nextBoolean()) {
            device.writeZeroes(position, length, unmap);
        } else {
            BlockIo.await(device.writeZeroesAsync(position, length, unmap));
        }
    }

    private void discard(int position, int length) throws Exception {
        if (random.nextBoolean()) {
            device.discard(position, length);
        } else {
            BlockIo.await(device.discardAsync(position, length));
        }
    }

    private void check(Way way, int position, byte[] data) {
        for (int offset = 0; offset < data.length; offset += device.blockSize()) {
            int end = offset + device.blockSize();
            if (!undefined.get(block(position + offset))
                    && !Arrays.equals(model, position + offset, position + end, data, offset, end)) {
                throw new AssertionError("read by " + way + " at " + position + " of " + data.length
                    + " bytes: the block at " + (position + offset) + " is not what was written");
            }
        }
    }

    private int block(int position) {
        return position / device.blockSize();
    }

    /** As often one block, a few, and many. */
    private int length() {
        int blocks = switch (random.nextInt(4)) {
            case 0 -> 1;
            case 1, 2 -> 1 + random.nextInt(SMALL_BLOCKS);
            default -> 1 + random.nextInt(MAX_LENGTH / device.blockSize());
        };
        return blocks * device.blockSize();
    }
}
