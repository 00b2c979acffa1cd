// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.virtio.spec.SplitRingLayout;

/** The device's side of a split virtqueue, written against the bytes of section 2.7; it does as told, also what it must not. */
final class SplitDevice {
    /** A descriptor as the device finds it. */
    record Descriptor(long address, int length, boolean writable) {
    }

    /** A chain as the device finds it. */
    record Chain(int head, List<Descriptor> descriptors) {
    }

    private final ByteBuffer memory;
    private final int size;
    private final int available;
    private final int used;
    private int seen;
    private int usedIndex;

    SplitDevice(DmaMemory ring, int size) {
        this.memory = ring.bytes();
        this.size = size;
        this.available = ring.availableOffset();
        this.used = ring.usedOffset();
    }

    /** Where the areas of a ring are. */
    record DmaMemory(ByteBuffer bytes, int availableOffset, int usedOffset) {
    }

    ByteBuffer memory() {
        return memory;
    }

    int availableIndex() {
        return memory.getShort(available + SplitRingLayout.AVAILABLE_IDX) & 0xffff;
    }

    int availableFlags() {
        return memory.getShort(available + SplitRingLayout.AVAILABLE_FLAGS) & 0xffff;
    }

    int usedEvent() {
        return memory.getShort(available + SplitRingLayout.usedEvent(size)) & 0xffff;
    }

    int usedIndex() {
        return usedIndex;
    }

    /** All chains that have become available since the last call. */
    List<Chain> take() {
        List<Chain> chains = new ArrayList<>();
        while (seen != availableIndex()) {
            int head = memory.getShort(available + SplitRingLayout.AVAILABLE_RING + 2 * (seen & size - 1)) & 0xffff;
            chains.add(new Chain(head, chain(head)));
            seen = seen + 1 & 0xffff;
        }
        return chains;
    }

    private List<Descriptor> chain(int head) {
        List<Descriptor> descriptors = new ArrayList<>();
        int index = head;
        int flags;
        do {
            int offset = index * SplitRingLayout.DESCRIPTOR_SIZE;
            flags = memory.getShort(offset + SplitRingLayout.DESCRIPTOR_FLAGS);
            descriptors.add(new Descriptor(memory.getLong(offset), memory.getInt(offset + SplitRingLayout.DESCRIPTOR_LEN),
                (flags & SplitRingLayout.F_WRITE) != 0));
            index = memory.getShort(offset + SplitRingLayout.DESCRIPTOR_NEXT) & 0xffff;
        } while ((flags & SplitRingLayout.F_NEXT) != 0);
        return descriptors;
    }

    /** Returns a chain, or claims to. */
    void use(int id, int written) {
        putElement(id, written);
        publish(usedIndex + 1);
    }

    /** Writes the next used element without publishing it. */
    void putElement(int id, int written) {
        int offset = used + SplitRingLayout.USED_RING + SplitRingLayout.USED_ELEMENT_SIZE * (usedIndex & size - 1);
        memory.putInt(offset, id);
        memory.putInt(offset + SplitRingLayout.USED_ELEMENT_LEN, written);
    }

    void publish(int index) {
        usedIndex = index & 0xffff;
        memory.putShort(used + SplitRingLayout.USED_IDX, (short) usedIndex);
    }

    void noNotify(boolean on) {
        memory.putShort(used + SplitRingLayout.USED_FLAGS, (short) (on ? SplitRingLayout.USED_F_NO_NOTIFY : 0));
    }

    void availEvent(int index) {
        memory.putShort(used + SplitRingLayout.availEvent(size), (short) index);
    }
}
