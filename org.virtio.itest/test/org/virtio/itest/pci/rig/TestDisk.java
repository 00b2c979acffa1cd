// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A disk image of which each byte of a sector is the sector's number. */
final class TestDisk {
    static final int SECTORS = 200;

    private TestDisk() {
    }

    static Path write(Path file) throws IOException {
        byte[] image = new byte[SECTORS * RawDisk.SECTOR];
        for (int i = 0; i < SECTORS; i++) {
            System.arraycopy(sector(i), 0, image, i * RawDisk.SECTOR, RawDisk.SECTOR);
        }
        return Files.write(file, image);
    }

    static byte[] sector(int number) {
        byte[] sector = new byte[RawDisk.SECTOR];
        Arrays.fill(sector, (byte) number);
        return sector;
    }
}
