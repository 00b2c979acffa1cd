// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
class FileDescriptorTest {
    private static FileDescriptor open() {
        return FileDescriptor.adopt(LibC.libc().eventfd(0, 0));
    }

    @Test
    void isCountedWhileOpen() {
        long before = OpenResources.fileDescriptors();
        FileDescriptor fd = open();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(before + 1);
        fd.close();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(before);
    }

    @Test
    void closesTheDescriptorOnce() {
        FileDescriptor fd = open();
        int number = fd.intValue();
        fd.close();
        assertThat(fd.isOpen()).isFalse();
        assertThat(Kernel.isOpen(number)).isFalse();
        try (FileDescriptor reuse = open()) {
            assertThat(reuse.intValue()).isEqualTo(number);
            fd.close();
            assertThat(Kernel.isOpen(number)).isTrue();
        }
    }

    @RepeatedTest(20)
    void closesOnceWhenManyThreadsClose() throws Exception {
        List<FileDescriptor> fds = IntStream.range(0, 500).mapToObj(i -> open()).toList();
        long open = OpenResources.fileDescriptors();
        AtomicInteger running = new AtomicInteger();
        Runnable closeAll = () -> {
            running.incrementAndGet();
            while (running.get() < 2) {
                Thread.onSpinWait();
            }
            fds.forEach(FileDescriptor::close);
        };
        CompletableFuture<Void> other = CompletableFuture.runAsync(closeAll);
        closeAll.run();
        other.get();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(open - fds.size());
        assertThat(fds).noneMatch(FileDescriptor::isOpen);
    }

    @Test
    void staysOpenForCallsThatUseItWhenClosed() {
        FileDescriptor fd = open();
        int number = fd.acquire();
        fd.acquire();
        fd.close();
        assertThat(fd.isOpen()).isFalse();
        assertThat(fd.acquire()).isEqualTo(FileDescriptor.NONE);
        assertThat(Kernel.isOpen(number)).isTrue();
        fd.release();
        assertThat(Kernel.isOpen(number)).isTrue();
        fd.release();
        assertThat(Kernel.isOpen(number)).isFalse();
    }

    @Test
    void duplicateHasALifeOfItsOwn() throws Exception {
        FileDescriptor fd = open();
        try (FileDescriptor duplicate = fd.duplicate()) {
            assertThat(duplicate.intValue()).isNotEqualTo(fd.intValue());
            fd.close();
            assertThat(Kernel.isOpen(duplicate.intValue())).isTrue();
            assertThat(Kernel.isCloseOnExec(duplicate.intValue())).isTrue();
        }
    }

    @Test
    void refusesUseWhenClosed() {
        FileDescriptor fd = open();
        fd.close();
        assertThatIllegalStateException().isThrownBy(fd::intValue);
        assertThatIllegalStateException().isThrownBy(fd::duplicate);
    }

    @Test
    void opensAFile(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("größe"), "abc");
        try (FileDescriptor read = FileDescriptor.open(file.toString(), false);
                FileDescriptor both = FileDescriptor.open(file.toString(), true)) {
            assertThat(Kernel.isCloseOnExec(read.intValue())).isTrue();
            assertThat(FileValues.next(read, 1)).isEqualTo('a');
            assertThatExceptionOfType(PosixException.class).isThrownBy(() -> FileValues.write(read, 0, 1, 'x'))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
            FileValues.write(both, 0, 1, 'x');
        }
        assertThat(file).hasContent("xbc");
    }

    @Test
    void saysWhatCannotBeOpened(@TempDir Path directory) {
        assertThatExceptionOfType(PosixException.class)
            .isThrownBy(() -> FileDescriptor.open(directory.resolve("none").toString(), false))
            .withMessageContaining("none").satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> FileDescriptor.open(directory.toString(), true))
            .satisfies(e -> assertThat(e.errnoName()).isEqualTo("EISDIR"));
    }

    @Test
    void refusesWhatIsNoDescriptor() {
        assertThatIllegalArgumentException().isThrownBy(() -> FileDescriptor.adopt(-1));
    }
}
