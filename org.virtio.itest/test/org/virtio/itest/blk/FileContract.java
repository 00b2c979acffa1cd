// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.Test;
import org.virtio.itest.blk.BlockIo.Way;
import org.virtio.itest.support.StorageDaemon;

/** What holds besides where the device is a file that can be looked at. */
public abstract class FileContract extends BlockContract {
    private static final int[] LENGTHS = {512, 1024, 4096, 65_536, 1_000_448, 8 << 20};

    private Path image;

    /** Starts a back end that serves a file, and returns the address of its device. */
    protected abstract String serve(Path directory, Path file) throws Exception;

    @Override
    protected final String serve(Path directory) throws Exception {
        image = StorageDaemon.image(directory.resolve("disk.img"), CAPACITY);
        return serve(directory, image);
    }

    @Override
    protected final byte[] contents() throws Exception {
        return Files.readAllBytes(image);
    }

    @Test
    public void whatIsWrittenIsInTheFile() throws Exception {
        Random random = new Random(4);
        byte[] expected = new byte[CAPACITY];
        try (BlockIo io = new BlockIo(device, RandomOperations.MAX_LENGTH)) {
            for (Way way : Way.values()) {
                for (int length : LENGTHS) {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    int position = 512 * random.nextInt((CAPACITY - length) / 512 + 1);
                    io.write(way, position, data);
                    System.arraycopy(data, 0, expected, position, length);
                }
            }
            device.flush();
        }
        assertThat(Arrays.mismatch(contents(), expected)).isEqualTo(-1);
    }

    @Test
    public void whatIsPutIntoTheFileIsRead() throws Exception {
        Random random = new Random(5);
        try (BlockIo io = new BlockIo(device, RandomOperations.MAX_LENGTH);
                RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            for (Way way : Way.values()) {
                for (int length : LENGTHS) {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    long position = 512L * random.nextInt((CAPACITY - length) / 512 + 1);
                    file.seek(position);
                    file.write(data);
                    assertThat(Arrays.mismatch(io.read(way, position, length), data)).as("%s of %s", way, length).isEqualTo(-1);
                }
            }
        }
    }

    @Test
    public void zeroesAreWrittenIntoTheFile() throws Exception {
        byte[] ones = new byte[1 << 20];
        Arrays.fill(ones, (byte) 1);
        for (boolean unmap : new boolean[] {false, true}) {
            device.write(0, ByteBuffer.wrap(ones));
            device.writeZeroes(512, ones.length - 1024, unmap);
            device.flush();
            byte[] expected = new byte[ones.length];
            Arrays.fill(expected, 0, 512, (byte) 1);
            Arrays.fill(expected, expected.length - 512, expected.length, (byte) 1);
            assertThat(Arrays.mismatch(Arrays.copyOf(contents(), ones.length), expected)).as("unmap %s", unmap).isEqualTo(-1);
        }
    }
}
