// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.nio.charset.StandardCharsets;
import org.virtio.spec.BlkRequestLayout;
import org.virtio.target.TargetOptions;

/** Refuses options that are out of range, with the value and the range. */
final class OptionsCheck {
    private static final int MIN_BLOCK_SIZE = 512;
    private static final int MAX_BLOCK_SIZE = 65_536;
    private static final int MAX_QUEUES = 64;
    private static final int MAX_ASCII = 0x7e;

    private OptionsCheck() {
    }

    /** Throws an IllegalArgumentException unless every option but the faults is in range. */
    static void check(TargetOptions options) {
        int blockSize = options.blockSize();
        require(options.path() != null && !options.path().isBlank(), "a target needs the path of a socket");
        require(blockSize >= MIN_BLOCK_SIZE && blockSize <= MAX_BLOCK_SIZE && Integer.bitCount(blockSize) == 1,
            "block size " + blockSize + " is not a power of two from " + MIN_BLOCK_SIZE + " to " + MAX_BLOCK_SIZE);
        require(options.queues() >= 1 && options.queues() <= MAX_QUEUES,
            options.queues() + " queues are not from 1 to " + MAX_QUEUES);
        require(options.withheld() != null, "the withheld features are missing; a target that withholds none has an empty set");
        require(options.spinNanos() >= 0, "spin time " + options.spinNanos() + " ns is below 0");
        require(options.uid() == TargetOptions.ANY_UID || options.uid() >= 0 && options.uid() <= TargetOptions.MAX_UID,
            "uid " + options.uid() + " is not from 0 to " + TargetOptions.MAX_UID);
        require(options.size() >= 0, "size " + options.size() + " is below 0");
        require(options.size() > 0 || isFile(options), "a disk that is no file needs a size");
        checkSize(options.size(), blockSize);
        require(options.id() != null && options.id().length() <= BlkRequestLayout.ID_SIZE
            && options.id().chars().allMatch(c -> c >= ' ' && c <= MAX_ASCII),
            "id " + options.id() + " is not up to " + BlkRequestLayout.ID_SIZE + " ASCII characters");
    }

    /** Throws an IllegalArgumentException unless a size is in whole blocks. */
    static void checkSize(long size, int blockSize) {
        require(size % blockSize == 0, "size " + size + " is not a multiple of the block size " + blockSize);
    }

    /** Whether the disk is in a file. */
    static boolean isFile(TargetOptions options) {
        return options.file() != null && !options.file().equals(TargetOptions.NULL_DISK);
    }

    /** The id as get id returns it. */
    static byte[] id(TargetOptions options) {
        byte[] id = new byte[BlkRequestLayout.ID_SIZE];
        byte[] ascii = options.id().getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, id, 0, ascii.length);
        return id;
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
