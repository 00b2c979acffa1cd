// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A firmware that stops the processor at its first instruction. */
final class Firmware {
    private static final int SIZE = 1 << 16;
    /** Where the processor begins, before the end of the firmware. */
    private static final int RESET_VECTOR = 16;
    private static final byte HLT = (byte) 0xf4;
    /** cli; hlt; and back to the hlt. */
    private static final byte[] STOP = {(byte) 0xfa, HLT, (byte) 0xeb, (byte) 0xfd};

    private Firmware() {
    }

    static Path write(Path directory) throws IOException {
        byte[] image = new byte[SIZE];
        Arrays.fill(image, HLT);
        System.arraycopy(STOP, 0, image, SIZE - RESET_VECTOR, STOP.length);
        return Files.write(directory.resolve("firmware"), image);
    }
}
