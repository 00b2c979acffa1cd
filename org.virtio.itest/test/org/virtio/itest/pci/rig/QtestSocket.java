// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.virtio.itest.support.Await;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.UnixSocket;

/**
 * QEMU's qtest protocol (its source, softmmu/qtest.c): a line for a command, a line that begins with OK for its answer, and
 * in between lines that tell of interrupt lines. Thread-safe: a command is one write and one read, under one lock.
 */
final class QtestSocket implements AutoCloseable {
    private static final String RAISE = "IRQ raise ";
    private static final String LOWER = "IRQ lower ";
    private static final int CAPACITY = 4096;
    private static final int HEX = 16;
    private static final int BITS_PER_DIGIT = 4;
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final UnixSocket socket;
    private final QemuProcess process;
    private final ByteBuffer out = ByteBuffer.allocate(CAPACITY);
    /** What was received and not taken yet is between position and limit. */
    private final ByteBuffer in = ByteBuffer.allocate(CAPACITY).flip();
    private final List<FileDescriptor> none = new ArrayList<>();
    private final BitSet lines = new BitSet();
    private Runnable raised = () -> { };

    QtestSocket(UnixSocket socket, QemuProcess process) {
        this.socket = socket;
        this.process = process;
    }

    /** Has told, under the lock, that an interrupt line was raised: return soon, and do not use this. */
    synchronized void onRaised(Runnable listener) {
        raised = listener;
    }

    /** A command that reads, such as {@code readl} or {@code inb}. */
    synchronized long read(String command, long address) throws IOException {
        put(command);
        put(address);
        return ask(command, address);
    }

    /** A command that writes, such as {@code writeq} or {@code outw}. */
    synchronized void write(String command, long address, long value) throws IOException {
        put(command);
        put(address);
        put(value);
        ask(command, address);
    }

    /** Has told of the lines of an interrupt controller: {@link #onRaised}. For good; of one controller alone. */
    synchronized void interceptInterrupts(String controller) throws IOException {
        put("irq_intercept_in");
        out.put((byte) ' ').put(controller.getBytes(StandardCharsets.US_ASCII));
        ask("irq_intercept_in " + controller, 0);
    }

    /** Takes what was told in between commands. */
    synchronized void poll() throws IOException {
        try {
            while (true) {
                receive(0);
                takeUntilAnswer();
            }
        } catch (SocketTimeoutException nothing) {
            return;
        } catch (IOException e) {
            throw process.explain("waiting for interrupts", e);
        }
    }

    private void put(String command) {
        out.clear();
        for (int i = 0; i < command.length(); i++) {
            out.put((byte) command.charAt(i));
        }
    }

    private void put(long value) {
        out.put((byte) ' ').put((byte) '0').put((byte) 'x');
        int shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(value) - 1) / BITS_PER_DIGIT * BITS_PER_DIGIT;
        for (; shift >= 0; shift -= BITS_PER_DIGIT) {
            out.put(DIGITS[(int) (value >>> shift) & HEX - 1]);
        }
    }

    private long ask(String command, long address) throws IOException {
        try {
            socket.send(out.put((byte) '\n').flip());
            int end = takeUntilAnswer();
            while (end < 0) {
                receive(Await.LIMIT.toNanos());
                end = takeUntilAnswer();
            }
            long value = value(end);
            // What was told after the answer is here already, and so would wake nobody who waits for more.
            takeUntilAnswer();
            return value;
        } catch (IOException e) {
            // A late answer would be taken for the next command's.
            socket.shutdown();
            throw process.explain(command + " " + Long.toHexString(address), e);
        }
    }

    /** Takes the lines that are no answer. Returns where the answer that follows ends, or -1 if there is none yet. */
    private int takeUntilAnswer() throws IOException {
        int end = lineEnd();
        while (end >= 0 && in.get(in.position()) != 'O') {
            take(end);
            end = lineEnd();
        }
        return end;
    }

    /** Where the first line ends, or -1. */
    private int lineEnd() {
        for (int i = in.position(); i < in.limit(); i++) {
            if (in.get(i) == '\n') {
                return i;
            }
        }
        return -1;
    }

    private void receive(long timeoutNanos) throws IOException {
        in.compact();
        try {
            if (socket.receive(in, none, timeoutNanos) < 0) {
                throw new EOFException("QEMU hung up");
            }
        } finally {
            in.flip();
        }
    }

    /** Takes an answer: {@code OK}, or {@code OK 0x1234}. */
    private long value(int end) {
        long value = 0;
        for (int i = in.position() + "OK 0x".length(); i < end; i++) {
            value = value << BITS_PER_DIGIT | Character.digit(in.get(i), HEX);
        }
        in.position(end + 1);
        return value;
    }

    /** Takes a line that is no answer. */
    private void take(int end) throws IOException {
        String line = new String(in.array(), in.position(), end - in.position(), StandardCharsets.US_ASCII);
        in.position(end + 1);
        if (line.startsWith(LOWER)) {
            lines.clear(Integer.parseInt(line.substring(LOWER.length())));
        } else if (line.startsWith(RAISE)) {
            lines.set(Integer.parseInt(line.substring(RAISE.length())));
            raised.run();
        } else {
            throw new IOException("QEMU says " + line);
        }
    }

    /** Whether a line is raised, from a number on, as far as was told. */
    synchronized boolean isRaised(int from) {
        return lines.nextSetBit(from) >= 0;
    }

    /** Whether QEMU runs. */
    boolean isAlive() {
        return process.isAlive();
    }

    /** Readable when something was told, or is being answered; it stays this object's. */
    FileDescriptor fd() {
        return socket.fd();
    }

    @Override
    public void close() {
        socket.close();
    }
}
