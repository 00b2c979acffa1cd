// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;
import org.virtio.posix.UeventSocket;

/** Where messages of the kernel come from: as {@link UeventSocket} says. */
interface UeventSource extends AutoCloseable {
    /** Readable when there is a message. */
    FileDescriptor fd();

    /** The next message, or null. */
    byte[] receive() throws PosixException;

    @Override
    void close();

    /** Opens a source. */
    @FunctionalInterface
    interface Opener {
        UeventSource open() throws PosixException;
    }

    /** The kernel itself. */
    static UeventSource ofKernel() throws PosixException {
        UeventSocket socket = UeventSocket.open();
        return new UeventSource() {
            @Override
            public FileDescriptor fd() {
                return socket.fd();
            }

            @Override
            public byte[] receive() throws PosixException {
                return socket.receive();
            }

            @Override
            public void close() {
                socket.close();
            }
        };
    }
}
