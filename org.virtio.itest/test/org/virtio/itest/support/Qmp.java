// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A connection to QEMU's monitor: one line of JSON for a command, one for its answer, and lines for events, which are kept
 * until somebody asks for them. Thread-safe.
 */
public final class Qmp implements AutoCloseable {
    private static final String ANSWER = "{\"return\":";
    private static final String ERROR = "{\"error\":";

    private final SocketChannel socket;
    private final Selector selector;
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    private final StringBuilder received = new StringBuilder();
    private final List<String> events = new ArrayList<>();
    private boolean ready;

    private Qmp(SocketChannel socket) throws IOException {
        this.socket = socket;
        this.selector = Selector.open();
        socket.configureBlocking(false);
        socket.register(selector, SelectionKey.OP_READ);
    }

    /**
     * Connects and waits for the greeting, which comes when everything on the command line is done.
     *
     * @throws IOException if nobody listens there, or no greeting comes
     */
    public static Qmp connect(Path path) throws IOException {
        Qmp qmp = new Qmp(SocketChannel.open(UnixDomainSocketAddress.of(path)));
        try {
            String greeting = qmp.nextLine();
            if (!greeting.startsWith("{\"QMP\":")) {
                throw new IOException("not QMP's greeting: " + greeting);
            }
            return qmp;
        } catch (IOException e) {
            qmp.close();
            throw e;
        }
    }

    /**
     * Executes a command.
     *
     * @return its answer, a line of JSON
     * @throws IOException if it cannot be executed, with QEMU's reason; or if QEMU is gone
     */
    public synchronized String execute(String command) throws IOException {
        // Not with the greeting: what the daemon is told before its main loop runs may never be answered.
        if (!ready) {
            send("{\"execute\": \"qmp_capabilities\"}");
            ready = true;
        }
        return send(command);
    }

    private String send(String command) throws IOException {
        ByteBuffer line = ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8));
        while (line.hasRemaining()) {
            socket.write(line);
        }
        while (true) {
            String answer = nextLine();
            if (answer.startsWith(ERROR)) {
                throw new IOException("QMP says " + answer + " of " + command);
            }
            if (answer.startsWith(ANSWER)) {
                return answer;
            }
            events.add(answer);
        }
    }

    /**
     * Waits for an event, and takes it: the first that was not taken yet.
     *
     * @param name       such as {@code DEVICE_DELETED}
     * @param containing something else that the event has to contain
     * @return the event, a line of JSON
     */
    public String awaitEvent(String name, String containing) {
        return Await.value("QMP tells of " + name + " with " + containing, () -> takeEvent(name, containing));
    }

    /** Waits for an event of that name, whatever it contains: see {@link #awaitEvent(String, String)}. */
    public String awaitEvent(String name) {
        return awaitEvent(name, "");
    }

    private synchronized String takeEvent(String name, String containing) throws IOException {
        String line = line();
        while (line != null) {
            events.add(line);
            line = line();
        }
        for (Iterator<String> each = events.iterator(); each.hasNext();) {
            String event = each.next();
            if (event.contains("\"event\": \"" + name + "\"") && event.contains(containing)) {
                each.remove();
                return event;
            }
        }
        return null;
    }

    private String nextLine() throws IOException {
        long end = System.nanoTime() + Await.LIMIT.toNanos();
        String line = line();
        while (line == null) {
            long millis = (end - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                throw new IOException("QMP says nothing within " + Await.LIMIT.toSeconds() + " s");
            }
            select(millis);
            line = line();
        }
        return line;
    }

    private void select(long millis) throws IOException {
        try {
            selector.select(millis);
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException e) {
            // Another thread is done with QEMU while this one waits for an answer.
            throw new EOFException("QMP was hung up");
        }
    }

    /** The next line, or null if there is none yet. */
    private String line() throws IOException {
        int end = received.indexOf("\n");
        if (end < 0) {
            if (socket.read(bytes.clear()) < 0) {
                throw new EOFException("QMP hung up");
            }
            received.append(StandardCharsets.UTF_8.decode(bytes.flip()));
            end = received.indexOf("\n");
        }
        if (end < 0) {
            return null;
        }
        String line = received.substring(0, end);
        received.delete(0, end + 1);
        return line.strip();
    }

    @Override
    public void close() throws IOException {
        selector.close();
        socket.close();
    }
}
