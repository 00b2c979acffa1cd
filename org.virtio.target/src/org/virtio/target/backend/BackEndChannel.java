// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.UnixSocket;
import org.virtio.user.message.BackEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.MessageChannel;

/** The socket for the back end's own requests, once the front end has given it. Thread-safe. */
final class BackEndChannel implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BackEndChannel.class);

    private volatile MessageChannel channel;

    /** Takes a connected socket over, and closes the one before. */
    void open(FileDescriptor fd) {
        close();
        channel = new MessageChannel(UnixSocket.adopt(fd));
    }

    /** Says that the configuration space has changed, to a front end that listens. Asks for no answer. */
    void configChanged() {
        MessageChannel current = channel;
        if (current == null) {
            return;
        }
        try {
            current.send(Message.of(BackEndRequest.CONFIG_CHANGE_MSG));
        } catch (IOException e) {
            LOG.info("The front end cannot be told of a change: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        MessageChannel current = channel;
        if (current != null) {
            current.close();
        }
    }
}
