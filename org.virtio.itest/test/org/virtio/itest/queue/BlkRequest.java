// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import static org.virtio.spec.BlkRequestLayout.HEADER_SIZE;
import static org.virtio.spec.BlkRequestLayout.STATUS_SIZE;
import static org.virtio.spec.BlkRequestLayout.S_OK;
import static org.virtio.spec.BlkRequestLayout.T_IN;
import static org.virtio.spec.BlkRequestLayout.T_OUT;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.Virtqueue;

/**
 * A read or a write, again and again, of sectors that no other request touches, so that its data are known whatever the order.
 * Its buffers begin and end anywhere (VIRTIO 1.3, section 2.6.4.1), with gaps between them.
 */
final class BlkRequest {
    /** Bytes of memory that a request needs. */
    static final int BYTES = 4096;
    /** The most buffers of one request. */
    static final int MAX_BUFFERS = 12;
    /** Sectors that each request has for itself. */
    static final int SECTORS = 3;

    private static final int SECTOR = 512;
    private static final int MAX_GAP = 64;
    private static final byte UNTOUCHED = 0x5a;

    private final DmaBuffer memory;
    private final int base;
    private final long firstSector;
    /** What the sectors hold; null if that is not known: at first, and when a write was not used. */
    private byte[] contents;

    /** What all of the memory holds when the request has been used. */
    private final byte[] image = new byte[BYTES];
    private final int[] offset = new int[MAX_BUFFERS];
    private final int[] length = new int[MAX_BUFFERS];
    private int readable;
    private int count;
    private int readableBytes;
    private int writableBytes;
    private byte[] written;
    private long context = -1;

    /**
     * A request.
     *
     * @param base        where in the memory its bytes begin
     * @param firstSector of those that it has for itself
     */
    BlkRequest(DmaBuffer memory, int base, long firstSector) {
        this.memory = memory;
        this.base = base;
        this.firstSector = firstSector;
    }

    int count() {
        return count;
    }

    int readableBytes() {
        return readableBytes;
    }

    int writableBytes() {
        return writableBytes;
    }

    /**
     * Decides on what to read or write, and with how many buffers.
     *
     * @param maxBuffers at least 2
     */
    void prepare(Random random, int maxBuffers) {
        boolean whole = contents == null;
        boolean read = !whole && random.nextBoolean();
        int sectors = whole ? SECTORS : 1 + random.nextInt(SECTORS);
        int start = random.nextInt(SECTORS - sectors + 1);
        byte[] data = new byte[sectors * SECTOR];
        written = null;
        if (read) {
            System.arraycopy(contents, start * SECTOR, data, 0, data.length);
        } else {
            random.nextBytes(data);
            written = whole ? new byte[data.length] : contents.clone();
            System.arraycopy(data, 0, written, start * SECTOR, data.length);
        }
        byte[] header = ByteBuffer.allocate(HEADER_SIZE).order(ByteOrder.LITTLE_ENDIAN)
            .putInt(read ? T_IN : T_OUT).putInt(0).putLong(firstSector + start).array();
        byte[] status = new byte[STATUS_SIZE];
        Arrays.fill(status, (byte) S_OK);
        lay(random, read ? header : join(header, data), read ? join(data, status) : status,
            Math.min(maxBuffers, MAX_BUFFERS));
    }

    private static byte[] join(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
    }

    /** Cuts both parts into buffers; the memory is as it should become except that nothing is written yet. */
    private void lay(Random random, byte[] toRead, byte[] toWrite, int maxBuffers) {
        Arrays.fill(image, UNTOUCHED);
        readableBytes = toRead.length;
        writableBytes = toWrite.length;
        readable = 1 + random.nextInt(maxBuffers - 1);
        count = 0;
        int end = cut(random, toRead, readable, 0);
        memory.bytes().put(base, image);
        cut(random, toWrite, Math.min(toWrite.length, 1 + random.nextInt(maxBuffers - readable)), end);
    }

    private int cut(Random random, byte[] part, int pieces, int from) {
        int position = from;
        int done = 0;
        for (int left = pieces; left > 0; left--) {
            position += random.nextInt(MAX_GAP);
            int most = (part.length - done) / left;
            int bytes = left == 1 ? part.length - done : 1 + random.nextInt(most);
            System.arraycopy(part, done, image, position, bytes);
            offset[count] = position;
            length[count++] = bytes;
            position += bytes;
            done += bytes;
        }
        return position;
    }

    /** Adds its buffers to the request under construction. */
    void add(Virtqueue queue, long newContext) {
        context = newContext;
        for (int i = 0; i < count; i++) {
            if (i < readable) {
                queue.addReadable(memory, base + offset[i], length[i]);
            } else {
                queue.addWritable(memory, base + offset[i], length[i]);
            }
        }
    }

    /** Fails unless it was in flight with that context, was executed as it should be, and nothing else was written to. */
    void used(long usedContext, int bytes) {
        comeBack(usedContext);
        byte[] now = new byte[BYTES];
        memory.bytes().get(base, now);
        int difference = Arrays.mismatch(now, image);
        if (bytes != writableBytes || difference >= 0) {
            throw new AssertionError("request " + usedContext + " wrote " + bytes + " of " + writableBytes + " bytes, and "
                + (difference < 0 ? "all is as it should be" : "byte " + difference + " is " + now[difference] + " instead of "
                + image[difference]) + "; its buffers begin at " + Arrays.toString(Arrays.copyOf(offset, count)) + " with "
                + Arrays.toString(Arrays.copyOf(length, count)) + " bytes, " + readable + " of them device-readable");
        }
        contents = written == null ? contents : written;
    }

    /** The device gave it up: whether it wrote something is not known. */
    void unused(long usedContext) {
        comeBack(usedContext);
        contents = written == null ? contents : null;
    }

    private void comeBack(long usedContext) {
        if (context < 0 || usedContext != context) {
            throw new AssertionError(context < 0 ? "request " + usedContext + " came back again"
                : "request " + context + " came back with the context " + usedContext);
        }
        context = -1;
    }
}
