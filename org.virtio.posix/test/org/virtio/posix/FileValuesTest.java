// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
class FileValuesTest {
    @TempDir
    private Path directory;
    private Path path;
    private FileDescriptor fd;

    @BeforeEach
    void open() throws Exception {
        path = Files.write(directory.resolve("values"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8, -1, -1, -1, -1});
        fd = FileDescriptor.open(path.toString(), true);
    }

    @AfterEach
    void close() {
        fd.close();
    }

    @Test
    void readsEachWidthAtItsPlace() throws Exception {
        assertThat(FileValues.read(fd, 1, 1)).isEqualTo(2);
        assertThat(FileValues.read(fd, 2, 2)).isEqualTo(0x0403);
        assertThat(FileValues.read(fd, 4, 4)).isEqualTo(0x0807_0605);
        assertThat(FileValues.read(fd, 0, 8)).isEqualTo(0x0807_0605_0403_0201L);
    }

    @Test
    void readsUnsignedNumbers() throws Exception {
        assertThat(FileValues.read(fd, 8, 1)).isEqualTo(0xff);
        assertThat(FileValues.read(fd, 8, 2)).isEqualTo(0xffff);
        assertThat(FileValues.read(fd, 8, 4)).isEqualTo(0xffff_ffffL);
    }

    @Test
    void writesEachWidthAtItsPlaceAndNothingBeside() throws Exception {
        FileValues.write(fd, 0, 1, 0x1234_5678_9abc_def0L);
        FileValues.write(fd, 2, 2, -2);
        FileValues.write(fd, 4, 4, 0x9988_7766L);
        assertThat(Files.readAllBytes(path)).startsWith(0xf0, 2, 0xfe, 0xff, 0x66, 0x77, 0x88, 0x99, 0xff);
        FileValues.write(fd, 0, 8, 0x0102_0304_0506_0708L);
        assertThat(Files.readAllBytes(path)).startsWith(8, 7, 6, 5, 4, 3, 2, 1, 0xff);
    }

    @Test
    void readsOneAfterTheOther() throws Exception {
        assertThat(FileValues.next(fd, 4)).isEqualTo(0x0403_0201);
        assertThat(FileValues.next(fd, 8)).isEqualTo(0xffff_ffff_0807_0605L);
        assertThatExceptionOfType(EOFException.class).isThrownBy(() -> FileValues.next(fd, 1)).withMessageContaining("0 of 1");
    }

    @Test
    void saysThatAFileEnds() {
        assertThatExceptionOfType(EOFException.class).isThrownBy(() -> FileValues.read(fd, 10, 4))
            .withMessageContaining("2 of 4 bytes at 10");
    }

    @Test
    void saysThatNothingHasComeYet() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertThatExceptionOfType(PosixException.class).isThrownBy(() -> FileValues.next(event.fd(), 8))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));
            event.signal();
            event.signal();
            assertThat(FileValues.next(event.fd(), 8)).isEqualTo(2);
        }
    }

    @Test
    void refusesAClosedFileAndOtherWidths() {
        assertThatIllegalArgumentException().isThrownBy(() -> FileValues.read(fd, 0, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> FileValues.read(fd, 0, 16));
        assertThatIllegalArgumentException().isThrownBy(() -> FileValues.write(fd, 0, 0, 1));
        fd.close();
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> FileValues.read(fd, 0, 1))
            .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> FileValues.write(fd, 0, 1, 1))
            .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    }

    @Test
    void manyThreadsDoNotGetEachOthersNumbers() throws Exception {
        Path large = directory.resolve("large");
        Files.write(large, new byte[Long.BYTES * 8]);
        try (FileDescriptor shared = FileDescriptor.open(large.toString(), true)) {
            List<CompletableFuture<Void>> threads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                long place = (long) i * Long.BYTES;
                threads.add(CompletableFuture.runAsync(() -> writeAndReadBack(shared, place)));
            }
            for (CompletableFuture<Void> thread : threads) {
                assertThat(thread.get()).isNull();
            }
        }
    }

    private static void writeAndReadBack(FileDescriptor shared, long place) {
        try {
            for (long value = 0; value < 5_000; value++) {
                long written = value << 8 | place;
                FileValues.write(shared, place, 8, written);
                assertThat(FileValues.read(shared, place, 8)).isEqualTo(written);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void allocatesNothing() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        writeAndRead(20_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        writeAndRead(20_000);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
    }

    private void writeAndRead(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            FileValues.write(fd, 2, 2, i);
            FileValues.read(fd, 4, 4);
        }
    }
}
