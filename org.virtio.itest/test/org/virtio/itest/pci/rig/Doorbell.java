// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.virtio.itest.support.Await;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.SharedMemory;
import org.virtio.posix.UnixServerSocket;
import org.virtio.posix.UnixSocket;

/**
 * Turns MSI-X messages into signals of eventfds, without a thread of ours. QEMU's device for memory that virtual machines
 * share, ivshmem, has a register that rings another machine: a store of its number and a vector's signals an eventfd. To QEMU
 * this is the server that knows those machines (its documentation: docs/specs/ivshmem-spec.txt), and each function whose
 * vectors are enabled is one of them. A vector's message is then a store to that register, made by the device itself, after
 * all that it stored before; none can be lost or taken for another's. Thread-safe.
 */
final class Doorbell implements AutoCloseable {
    /** The device that does it, at an address where it is in nobody's way. */
    static final String ADDRESS = "1e";
    /** More than virtio devices have here. One is for the rig. */
    static final int MAX_VECTORS = 255;

    /** In the device's registers: a peer's number in bits 16 to 31, a vector's in bits 0 to 15. */
    private static final long PAUSE_NANOS = 2_000_000;
    private static final int REGISTER = 12;
    private static final long VERSION = 0;
    private static final int OWN_NUMBER = 0;
    private static final int MAX_PEERS = 0xffff;
    private static final long SHARED_MEMORY = -1;
    private static final int SHARED_BYTES = 4096;
    private static final long STARTING_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int MODE = 0600;

    private final UnixServerSocket server;
    private final EventFd noticed;
    /** The number that a peer had last; none is used again, because QEMU 7.2 would use freed memory then. */
    private int lastPeer = OWN_NUMBER;
    private UnixSocket socket;
    private QtestSocket qtest;
    private long register;

    private Doorbell(UnixServerSocket server, EventFd noticed) {
        this.server = server;
        this.noticed = noticed;
    }

    static Doorbell listen(Path path) throws IOException {
        return new Doorbell(UnixServerSocket.bind(path.toString(), MODE), EventFd.create());
    }

    /** What QEMU has to be started with. */
    List<String> arguments() {
        return List.of("-chardev", "socket,id=doorbell,path=" + server.path(),
            "-device", "ivshmem-doorbell,chardev=doorbell,ioeventfd=off,vectors=" + (MAX_VECTORS + 1) + ",addr=" + ADDRESS);
    }

    /** Waits for QEMU, which does not go on before it was told what it has to know. */
    void accept(QemuProcess process) throws IOException {
        socket = process.await("QEMU connects to the doorbell", () -> server.accept(STARTING_NANOS));
        try (SharedMemory unused = SharedMemory.create("qtest-doorbell", SHARED_BYTES, false)) {
            send(VERSION);
            send(OWN_NUMBER);
            send(SHARED_MEMORY, unused.fd());
        }
    }

    /** Begins to work: the device has an address. */
    void open(QtestSocket machine, long registers) {
        qtest = machine;
        register = registers + REGISTER;
    }

    /** Where messages are to be stored. */
    long register() {
        return register;
    }

    /**
     * Makes messages signal eventfds.
     *
     * @param signals one for each vector
     * @return the message's data for vector 0; those for the others follow
     */
    synchronized int connect(List<EventFd> signals) throws IOException {
        if (lastPeer == MAX_PEERS - 1) {
            throw new IOException("vectors were enabled " + lastPeer + " times, which is as often as one machine lets them be");
        }
        int peer = ++lastPeer;
        for (EventFd signal : signals) {
            send(peer, signal.fd());
        }
        send(peer, noticed.fd());
        int data = peer << Short.SIZE;
        awaitNotice(data | signals.size());
        return data;
    }

    /**
     * QEMU knows all eventfds when the last one works, which is this object's. It is given time between two attempts: with one
     * command after another it may never get to the descriptors.
     */
    private void awaitNotice(int data) throws IOException {
        long end = System.nanoTime() + Await.LIMIT.toNanos();
        do {
            qtest.write("writel", register, data & 0xffff_ffffL);
            if (noticed.await(PAUSE_NANOS)) {
                return;
            }
        } while (System.nanoTime() - end < 0);
        throw new IOException("QEMU does not take the eventfds of vectors");
    }

    /** Makes messages signal nobody. */
    synchronized void disconnect(int data) throws IOException {
        // Without a descriptor: this peer is gone.
        send(data >>> Short.SIZE);
    }

    private void send(long value, FileDescriptor... descriptors) throws IOException {
        socket.send(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value), descriptors);
    }

    @Override
    public void close() {
        server.close();
        if (socket != null) {
            socket.close();
        }
        noticed.close();
    }
}
