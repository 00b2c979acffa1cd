// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PosixExceptionTest {
    @Test
    void saysWhatFailedOnWhatAndWhy() {
        PosixException e = new PosixException("connect", "/run/x.sock", 2);
        assertThat(e).hasMessage("connect(/run/x.sock): ENOENT (No such file or directory)");
        assertThat(e.call()).isEqualTo("connect");
        assertThat(e.errno()).isEqualTo(2).isEqualTo(Errno.ENOENT);
        assertThat(e.errnoName()).isEqualTo("ENOENT");
    }

    @Test
    void leavesOutWhatThereIsNot() {
        assertThat(new PosixException("eventfd", 24)).hasMessage("eventfd: EMFILE (Too many open files)");
    }

    @Test
    void knowsNoNameForWhatIsNoErrno() {
        assertThat(new PosixException("ioctl", 4095)).hasMessage("ioctl: E4095 (unknown error)");
    }
}
