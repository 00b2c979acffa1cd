// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.virtio.posix.Errno;
import org.virtio.posix.PosixException;

class DeviceFilesTest {
    private static final Path PATH = Path.of("/dev/vfio/7");

    private static String reason(int errno) {
        return DeviceFiles.reason(PATH, new PosixException("open", PATH.toString(), errno), "make it");
    }

    @Test
    void saysWhatToDo() {
        assertThat(reason(Errno.ENOENT)).isEqualTo("/dev/vfio/7 is not there: make it");
        assertThat(reason(Errno.EACCES)).contains("may not open /dev/vfio/7 (EACCES)", "as root", "chown");
        assertThat(reason(Errno.EPERM)).contains("may not open /dev/vfio/7 (EPERM)", "capabilities");
        assertThat(reason(Errno.EBUSY)).contains("/dev/vfio/7 is open already");
        assertThat(reason(Errno.EIO)).isEqualTo("open(/dev/vfio/7): EIO (Input/output error)");
    }
}
