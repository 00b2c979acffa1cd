// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.nio.file.Path;
import org.virtio.posix.Errno;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;

/** Opens files behind which devices are, and says what to do where that fails. */
public final class DeviceFiles {
    private DeviceFiles() {
    }

    /**
     * Opens a file.
     *
     * @param ifMissing what to say if there is no such file
     */
    public static FileDescriptor open(Path path, boolean writable, String ifMissing) throws IOException {
        try {
            return FileDescriptor.open(path.toString(), writable);
        } catch (PosixException e) {
            throw new IOException(reason(path, e, ifMissing), e);
        }
    }

    static String reason(Path path, PosixException e, String ifMissing) {
        if (e.errno() == Errno.ENOENT) {
            return path + " is not there: " + ifMissing;
        }
        if (e.errno() == Errno.EACCES || e.errno() == Errno.EPERM) {
            return "this process may not open " + path + " (" + e.errnoName() + "): run it as root, or give its user that file"
                + " (chown) and the process the capabilities that the kernel asks for";
        }
        if (e.errno() == Errno.EBUSY) {
            return path + " is open already, in another process or in another part of this one";
        }
        return e.getMessage();
    }
}
