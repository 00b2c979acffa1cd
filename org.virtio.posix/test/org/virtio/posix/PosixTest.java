// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class PosixTest {
    private static final int MFD_HUGETLB = 4;

    @Test
    void knowsThePagesOfAFile() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", 1, false)) {
            assertThat(Posix.pageSize(memory.fd().intValue())).isEqualTo(Posix.pageSize());
        }
        // Without memory of its own, so no huge page has to be free.
        try (FileDescriptor huge = FileDescriptor.adopt(LibC.libc().memfd_create("test", MFD_HUGETLB))) {
            assertThat(Posix.pageSize(huge.intValue())).isEqualTo(Posix.hugePageSize()).isGreaterThan(Posix.pageSize());
        }
    }

    @Test
    void saysThatThereIsNoSuchFile() {
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> Posix.pageSize(-1))
            .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    }
}
