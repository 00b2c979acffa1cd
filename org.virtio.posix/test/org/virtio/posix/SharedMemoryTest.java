// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class SharedMemoryTest {
    private static final int F_ADD_SEALS = 1033;
    private static final long PAGE = Posix.pageSize();

    @Test
    void nobodyCanChangeItsSize() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", 4 * PAGE, false); FileDescriptor peer = memory.fd().duplicate()) {
            assertThat(LibC.libc().ftruncate(peer.intValue(), PAGE)).isEqualTo(-1);
            assertThat(LibC.errno()).isEqualTo(Errno.EPERM);
            assertThat(LibC.libc().ftruncate(peer.intValue(), 8 * PAGE)).isEqualTo(-1);
            assertThat(LibC.errno()).isEqualTo(Errno.EPERM);
            assertThat(LibC.libc().fcntl(peer.intValue(), F_ADD_SEALS, SharedMemory.SEAL_WRITE)).isEqualTo(-1);
            assertThat(LibC.errno()).isEqualTo(Errno.EPERM);
        }
    }

    @Test
    void tellsTheSealsOfAFile() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", PAGE, false);
                FileDescriptor unsealed = FileDescriptor.adopt(LibC.libc().memfd_create("test", 2));
                EventFd unsealable = EventFd.create()) {
            assertThat(SharedMemory.seals(memory.fd()))
                    .isEqualTo(SharedMemory.SEAL_SHRINK | SharedMemory.SEAL_GROW | SharedMemory.SEAL_SEAL);
            assertThat(SharedMemory.seals(unsealed)).isZero();
            assertThat(SharedMemory.seals(unsealable.fd())).isZero();
        }
    }

    @Test
    void isZeroedAndNamedAndNotInherited() throws Exception {
        try (SharedMemory memory = SharedMemory.create("named", PAGE, false)) {
            assertThat(memory.mapping().buffer().getLong(0)).isZero();
            Path link = Path.of("/proc/self/fd/" + memory.fd().intValue());
            assertThat(Files.readSymbolicLink(link).toString()).contains("memfd:named");
            assertThat(Kernel.isCloseOnExec(memory.fd().intValue())).isTrue();
        }
    }

    @Test
    void sizeIsWholePages() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", PAGE + 1, false)) {
            assertThat(memory.size()).isEqualTo(2 * PAGE);
            assertThat(memory.mapping().size()).isEqualTo(2 * PAGE);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.create("test", 0, false));
    }

    @Test
    void closesMappingAndDescriptor() throws Exception {
        SharedMemory memory = SharedMemory.create("test", PAGE, false);
        int number = memory.fd().intValue();
        memory.close();
        assertThat(memory.fd().isOpen()).isFalse();
        assertThat(Kernel.isOpen(number)).isFalse();
    }

    @Test
    void saysHowToGetHugePages() {
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> SharedMemory.create("test", 1L << 46, true))
                .withMessageContaining("vm.nr_hugepages").withMessageContaining("huge pages of " + Posix.hugePageSize());
    }
}
