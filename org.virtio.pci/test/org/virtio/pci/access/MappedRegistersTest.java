// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.pci.sysfs.NothingOpen;
import org.virtio.posix.EventLoop;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Mapping;

@ExtendWith(NothingOpen.class)
class MappedRegistersTest {
    private static final int SIZE = 4096;
    private static final int LARGE = 1 << 22;

    @TempDir
    private Path directory;
    private volatile Object sink;

    @Test
    void readAndWriteEachWidth() throws Exception {
        Path file = Files.write(directory.resolve("registers"), new byte[SIZE]);
        try (MappedRegisters registers = map(file)) {
            registers.write32(0, 0x8182_8384);
            registers.write16(4, 0x8586);
            registers.write8(6, 0x87);
            assertThat(registers.read32(0)).isEqualTo(0x8182_8384);
            assertThat(registers.read16(4)).isEqualTo(0x8586);
            assertThat(registers.read8(6)).isEqualTo(0x87);
            assertThat(Files.readAllBytes(file)).startsWith(0x84, 0x83, 0x82, 0x81, 0x86, 0x85, 0x87, 0);
        }
    }

    private static MappedRegisters map(Path file) throws IOException {
        try (FileDescriptor fd = FileDescriptor.open(file.toString(), true)) {
            return new MappedRegisters(Mapping.map(fd, 0, SIZE, true));
        }
    }

    /** It is told of the fault some time later; large arrays are where a JVM looks whether there is something to tell. */
    @Test
    void aThreadThatReadsWhatIsTakenAwayGoesOn() throws Exception {
        Path file = Files.write(directory.resolve("registers"), new byte[SIZE]);
        CompletableFuture<Boolean> after = new CompletableFuture<>();
        try (MappedRegisters registers = map(file); EventLoop loop = EventLoop.start("reader")) {
            try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
                cut.setLength(0);
            }
            for (int i = 0; i < 10; i++) {
                loop.execute(() -> sink = registers.read8(0) + registers.read16(2) + registers.read32(4));
                loop.execute(() -> sink = new byte[LARGE]);
            }
            loop.execute(() -> after.complete(true));
            assertThat(after.get(20, TimeUnit.SECONDS)).isTrue();
        }
    }
}
