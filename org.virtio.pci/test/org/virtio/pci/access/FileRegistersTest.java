// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.pci.sysfs.NothingOpen;
import org.virtio.posix.Errno;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;

@ExtendWith(NothingOpen.class)
class FileRegistersTest {
    private static final int START = 4;
    private static final int SIZE = 8;

    @TempDir
    private Path directory;
    private Path path;
    private FileDescriptor file;
    private Registers registers;

    @BeforeEach
    void open() throws Exception {
        path = Files.write(directory.resolve("config"), new byte[] {9, 9, 9, 9, 1, 2, -3, -4, 5, 6, 7, 8, 9, 9, 9, 9});
        file = FileDescriptor.open(path.toString(), true);
        registers = new FileRegisters(file, START, SIZE);
    }

    @AfterEach
    void close() {
        file.close();
    }

    @Test
    void readsEachWidthUnsigned() throws Exception {
        assertThat(registers.size()).isEqualTo(SIZE);
        assertThat(registers.read8(2)).isEqualTo(0xfd);
        assertThat(registers.read16(2)).isEqualTo(0xfcfd);
        assertThat(registers.read32(0)).isEqualTo(0xfcfd_0201);
        assertThat(registers.read32(4)).isEqualTo(0x0807_0605);
    }

    @Test
    void writesEachWidthAndNothingBeside() throws Exception {
        registers.write8(1, 0x1ff);
        registers.write16(2, -2);
        registers.write32(4, 0x1234_5678);
        assertThat(Files.readAllBytes(path))
            .containsExactly(9, 9, 9, 9, 1, 0xff, 0xfe, 0xff, 0x78, 0x56, 0x34, 0x12, 9, 9, 9, 9);
    }

    @Test
    void refusesWhatIsNotWithinThem() {
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> registers.read32(6));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> registers.write8(SIZE, 0));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> registers.read8(-1));
    }

    @Test
    void throwAfterTheFileWasClosed() {
        file.close();
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> registers.read8(0)).withMessageContaining("closed");
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> registers.write16(0, 1))
            .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    }

    @Test
    void slicesBeginWhereTheyAreAskedTo() throws Exception {
        Registers slice = registers.slice(4, 2);
        assertThat(slice.read16(0)).isEqualTo(0x0605);
        slice.write8(1, 0x77);
        assertThat(registers.read8(5)).isEqualTo(0x77);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> slice.read16(1));
        assertThat(slice.slice(1, 1).read8(0)).isEqualTo(0x77);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> slice.slice(1, 2));
    }
}
