// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.uio;

import java.io.IOException;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.Registers;
import org.virtio.pci.capability.CommandRegister;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.posix.Errno;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.FileValues;
import org.virtio.posix.PosixException;

/**
 * The INTx interrupt of a function that {@code uio_pci_generic} has. The kernel masks it by the INTx disable bit of the command
 * register when it has arrived, and counts; what is read of the device file is the count, 32 bits. When the function is gone
 * the descriptor stays readable, and nothing can be taken.
 */
record UioInterrupt(FileDescriptor fd, Registers config) implements Intx {
    @Override
    public void take() throws IOException {
        try {
            FileValues.next(fd, Integer.BYTES);
        } catch (PosixException e) {
            if (e.errno() == Errno.EIO) {
                throw new IOException("the interrupt is gone: the function was removed, or taken from uio_pci_generic", e);
            }
            if (e.errno() != Errno.EAGAIN) {
                throw e;
            }
        }
    }

    @Override
    public void unmask() throws IOException {
        CommandRegister.clear(config, ConfigHeaderLayout.COMMAND_INTX_DISABLE);
    }
}
