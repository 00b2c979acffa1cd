// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/** What the scripts write to a disk: a file at its beginning, and the shell's pattern at 8 MiB. */
final class DiskData {
    /** How large a disk has to be. */
    static final int DISK_SIZE = 16 << 20;

    private static final int FILE_SIZE = 3 << 20;
    private static final int PATTERN_POSITION = 8 << 20;
    private static final int PATTERN_SIZE = 4 << 20;

    private DiskData() {
    }

    /** Makes the file. */
    static Path file(Path directory) throws IOException {
        byte[] data = new byte[FILE_SIZE];
        new Random(FILE_SIZE).nextBytes(data);
        return Files.write(directory.resolve("data"), data);
    }

    /** Compares the image of a disk with what was written, and with what the machine's kernel read from the disk. */
    static void check(Path image, Path file, GuestRun run, String disk) throws IOException, NoSuchAlgorithmException {
        byte[] data = Files.readAllBytes(image);
        assertThat(Arrays.mismatch(data, Files.readAllBytes(file))).as("where %s differs from the file", image)
            .isEqualTo(FILE_SIZE);
        assertThat(Arrays.copyOfRange(data, PATTERN_POSITION + PATTERN_SIZE, DISK_SIZE)).as("not written").containsOnly(0);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(data, PATTERN_POSITION, PATTERN_SIZE);
        assertThat(run.part(disk + " kernel")).contains("begins with the file", HexFormat.of().formatHex(digest.digest()));
    }
}
