// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.Arrays;
import java.util.Objects;
import org.virtio.memory.DmaBuffer;

/** A descriptor chain; reused, and grown only until it has its longest use behind it. */
final class FakeChain {
    Object token;
    long context;
    int max;
    int count;
    int readable;
    int written;
    DmaBuffer[] buffers = new DmaBuffer[4];
    int[] offsets = new int[4];
    int[] lengths = new int[4];

    void start(Object newToken, long newContext, int newMax) {
        token = newToken;
        context = newContext;
        max = newMax;
        count = 0;
        readable = 0;
        written = 0;
    }

    void add(DmaBuffer buffer, int offset, int length, boolean isReadable) {
        if (length < 1) {
            throw new IndexOutOfBoundsException("length " + length);
        }
        Objects.checkFromIndexSize(offset, length, buffer.size());
        buffer.bytes();
        if (count == max || isReadable && readable < count) {
            throw new IllegalStateException("descriptor " + count + " of " + max + ", " + readable + " readable");
        }
        if (count == buffers.length) {
            buffers = Arrays.copyOf(buffers, 2 * count);
            offsets = Arrays.copyOf(offsets, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        buffers[count] = buffer;
        offsets[count] = offset;
        lengths[count] = length;
        count++;
        readable += isReadable ? 1 : 0;
    }

    int length(int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += lengths[i];
        }
        return sum;
    }
}
