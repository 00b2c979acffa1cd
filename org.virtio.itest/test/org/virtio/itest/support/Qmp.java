// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A connection to QEMU's monitor: one line of JSON for a command, one for its answer, and lines for events. */
final class Qmp implements AutoCloseable {
    private static final int MAX_READ = 4096;

    private final SocketChannel socket;
    private final StringBuilder received = new StringBuilder();
    private boolean ready;

    private Qmp(SocketChannel socket) throws IOException {
        this.socket = socket;
        socket.configureBlocking(false);
    }

    /** Connects and waits for the greeting, which comes when everything on the command line is done. */
    static Qmp connect(Path path) throws IOException {
        Qmp qmp = new Qmp(SocketChannel.open(UnixDomainSocketAddress.of(path)));
        try {
            qmp.awaitLine("\"QMP\"");
            return qmp;
        } catch (AssertionError e) {
            qmp.close();
            throw e;
        }
    }

    /** Executes a command, and returns its answer. */
    String execute(String command) throws IOException {
        // Not with the greeting: what the daemon is told before its main loop runs may never be answered.
        if (!ready) {
            send("{\"execute\": \"qmp_capabilities\"}");
            ready = true;
        }
        return send(command);
    }

    private String send(String command) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
        return awaitLine("\"return\"");
    }

    private String awaitLine(String containing) {
        return Await.value("QMP says " + containing, () -> {
            String line = line();
            if (line != null && line.contains("\"error\"")) {
                throw new IOException("QMP says " + line);
            }
            return line != null && line.contains(containing) ? line : null;
        });
    }

    /** The next line, or null if there is none yet. */
    private String line() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(MAX_READ);
        if (socket.read(bytes) < 0) {
            throw new EOFException("QMP hung up");
        }
        received.append(StandardCharsets.UTF_8.decode(bytes.flip()));
        int end = received.indexOf("\n");
        if (end < 0) {
            return null;
        }
        String line = received.substring(0, end);
        received.delete(0, end + 1);
        return line;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
