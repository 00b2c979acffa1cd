// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.posix.EventFd;

/**
 * The driver's side of a split virtqueue, byte by byte: descriptors at 0, available ring at 0x10000, used ring at 0x20000,
 * and from 0x40000 on room for buffers. Everything can be set to nonsense. {@link RawPackedQueue} is that of a packed one.
 */
class RawQueue implements AutoCloseable {
    static final int STRIDE = 1 << 20;
    static final int AVAILABLE = 0x10000;
    static final int USED = 0x20000;
    static final int DATA = 0x40000;
    static final int NEXT = 1;
    static final int WRITE = 2;
    static final int INDIRECT = 4;

    static final int IN = 0;
    static final int OUT = 1;
    static final int FLUSH = 4;
    static final int GET_ID = 8;
    static final int DISCARD = 11;
    static final int WRITE_ZEROES = 13;
    static final int OK = 0;
    static final int IOERR = 1;
    static final int UNSUPP = 2;
    /** What the status byte has before the device stores one. */
    static final int UNTOUCHED = 0xee;

    static final VarHandle SHORTS = MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    final int size;
    final EventFd kick = EventFd.create();
    final EventFd call = EventFd.create();
    final EventFd error = EventFd.create();
    final ByteBuffer memory;
    private final long guest;
    private int available;

    /** Over a part of the memory, {@link #STRIDE} long, that the device sees at a guest address. */
    RawQueue(ByteBuffer memory, long guest, int size) throws IOException {
        this.memory = memory;
        this.guest = guest;
        this.size = size;
    }

    ByteBuffer memory() {
        return memory;
    }

    /** The guest address of an offset into the queue's memory. */
    long address(int offset) {
        return guest + offset;
    }

    void descriptor(int index, long address, int length, int flags, int next) {
        tableEntry(index * 16, address, length, flags, next);
    }

    void tableEntry(int offset, long address, int length, int flags, int next) {
        memory.putLong(offset, address).putInt(offset + 8, length)
            .putShort(offset + 12, (short) flags).putShort(offset + 14, (short) next);
    }

    /** Makes a chain available and notifies. */
    void offer(int head) {
        put(head);
        publish();
        kick.signal();
    }

    void put(int head) {
        memory.putShort(AVAILABLE + 4 + 2 * (available & size - 1), (short) head);
        available = available + 1 & 0xffff;
    }

    void publish() {
        setAvailableIndex(available);
    }

    /** Starts at another index. */
    void begin(int index) {
        available = index & 0xffff;
        setAvailableIndex(available);
        memory.putShort(USED + 2, (short) available);
    }

    void setAvailableIndex(int index) {
        SHORTS.setRelease(memory, AVAILABLE + 2, (short) index);
    }

    /** How many buffers were put, and where it began: 16 bits. */
    int availableIndex() {
        return available;
    }

    /** What the back end is told of where the rings stand. */
    int base() {
        return available;
    }

    /** Whether the device wants to be notified of a buffer, by its number. */
    boolean wantsKick(int index, boolean eventIdx) {
        return eventIdx ? availEvent() == (index & 0xffff) : usedFlags() == 0;
    }

    int usedIndex() {
        return (short) SHORTS.getAcquire(memory, USED + 2) & 0xffff;
    }

    int usedFlags() {
        return (short) SHORTS.getAcquire(memory, USED) & 0xffff;
    }

    void setNoInterrupt(boolean noInterrupt) {
        SHORTS.setRelease(memory, AVAILABLE, (short) (noInterrupt ? 1 : 0));
    }

    void setUsedEvent(int index) {
        SHORTS.setRelease(memory, AVAILABLE + 4 + 2 * size, (short) index);
    }

    int availEvent() {
        return (short) SHORTS.getAcquire(memory, USED + 4 + 8 * size) & 0xffff;
    }

    int usedId(int index) {
        return memory.getInt(USED + 4 + 8 * (index & size - 1));
    }

    int usedLength(int index) {
        return memory.getInt(USED + 8 + 8 * (index & size - 1));
    }

    void awaitUsed(int index) {
        Await.until("used index " + index, () -> usedIndex() == (index & 0xffff));
    }

    /** Fills in a request's header at an offset. */
    void header(int offset, int type, long sector) {
        memory.putInt(offset, type).putInt(offset + 4, 0).putLong(offset + 8, sector);
    }

    int status(int offset) {
        return memory.get(offset) & 0xff;
    }

    /** Lays a request out in descriptors {@code head} to {@code head + 2} and buffers that no other head uses. */
    void lay(int head, int type, long sector, byte[] out, int inLength) {
        int header = buffers(head);
        int status = header + 16;
        int data = header + 32;
        header(header, type, sector);
        memory.put(status, (byte) UNTOUCHED);
        descriptor(head, address(header), 16, NEXT, head + 1);
        if (out.length > 0) {
            memory.put(data, out);
            descriptor(head + 1, address(data), out.length, NEXT, head + 2);
        } else if (inLength > 0) {
            descriptor(head + 1, address(data), inLength, NEXT | WRITE, head + 2);
        } else {
            descriptor(head, address(header), 16, NEXT, head + 2);
        }
        descriptor(head + 2, address(status), 1, WRITE, 0);
    }

    int buffers(int head) {
        return DATA + head / 3 * 0x4000;
    }

    int statusOf(int head) {
        return status(buffers(head) + 16);
    }

    byte[] dataOf(int head, int length) {
        byte[] data = new byte[length];
        memory.get(buffers(head) + 32, data);
        return data;
    }

    /** Has one request executed, and returns its status. */
    int request(int type, long sector, byte[] out, int inLength) {
        lay(0, type, sector, out, inLength);
        offer(0);
        awaitUsed(availableIndex());
        return statusOf(0);
    }

    int write(long sector, byte[] data) {
        return request(OUT, sector, data, 0);
    }

    /** Reads and checks that the status is OK. */
    byte[] read(long sector, int length) {
        int status = request(IN, sector, new byte[0], length);
        if (status != OK) {
            throw new AssertionError("status " + status);
        }
        return dataOf(0, length);
    }

    @Override
    public void close() {
        kick.close();
        call.close();
        error.close();
    }
}
