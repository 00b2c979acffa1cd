// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.UnixSocket;

/** A channel, and the raw socket at its other end. */
final class Wire implements AutoCloseable {
    final MessageChannel channel;
    final UnixSocket raw;

    Wire() throws IOException {
        UnixSocket[] pair = UnixSocket.pair();
        channel = new MessageChannel(pair[0]);
        raw = pair[1];
    }

    static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    /** Sends raw bytes, with so many file descriptors. */
    Wire put(byte[] bytes, int fdCount) throws IOException {
        List<EventFd> files = new ArrayList<>();
        try {
            for (int i = 0; i < fdCount; i++) {
                files.add(EventFd.create());
            }
            raw.send(ByteBuffer.wrap(bytes), files.stream().map(EventFd::fd).toArray(FileDescriptor[]::new));
            return this;
        } finally {
            files.forEach(EventFd::close);
        }
    }

    /** Takes all bytes that the channel has sent so far. */
    byte[] take() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8192);
        List<FileDescriptor> fds = new ArrayList<>();
        raw.receive(bytes, fds, 0);
        fds.forEach(FileDescriptor::close);
        byte[] taken = new byte[bytes.position()];
        bytes.get(0, taken);
        return taken;
    }

    @Override
    public void close() {
        channel.close();
        raw.close();
    }
}
