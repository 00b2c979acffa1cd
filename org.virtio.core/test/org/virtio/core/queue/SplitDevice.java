// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.QueueSetup;

/** The device's side of a split virtqueue, section 2.7. */
final class SplitDevice implements RingDevice {
    private final TestBuffer ring;
    private final ByteBuffer memory;
    private final RingFormat format;
    private final int size;
    private final int available;
    private final int used;
    private int seen;
    private int usedIndex;
    private int usedIndexThen;
    /** With IN_ORDER, where the next chain must begin. */
    private int nextHead;

    SplitDevice(Ring queue, TestBuffer ring) {
        QueueSetup setup = queue.setup();
        this.ring = ring;
        this.memory = ring.bytes();
        this.format = queue.format;
        this.size = setup.size();
        this.available = (int) (setup.driverArea() - ring.deviceAddress());
        this.used = (int) (setup.deviceArea() - ring.deviceAddress());
    }

    @Override
    public ByteBuffer memory() {
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

    @Override
    public List<Chain> take() {
        List<Chain> chains = new ArrayList<>();
        while (seen != availableIndex()) {
            int entry = available + SplitRingLayout.AVAILABLE_RING + SplitRingLayout.AVAILABLE_ENTRY_SIZE * (seen & size - 1);
            chains.add(chain(memory.getShort(entry) & 0xffff));
            seen = seen + 1 & 0xffff;
        }
        return chains;
    }

    private Chain chain(int head) {
        List<Descriptor> descriptors = new ArrayList<>();
        List<Descriptor> table = null;
        int index = head;
        int flags;
        do {
            if (format.inOrder()) {
                assertThat(index).as("descriptors in ring order").isEqualTo(nextHead);
                nextHead = index + 1 == size ? 0 : index + 1;
            }
            assertThat(descriptors.size()).as("a chain that does not end").isLessThan(size);
            assertThat(index).as("a descriptor").isLessThan(size);
            int offset = index * SplitRingLayout.DESCRIPTOR_SIZE;
            flags = flags(offset);
            descriptors.add(descriptor(offset));
            if ((flags & SplitRingLayout.F_INDIRECT) != 0) {
                assertThat(flags).as("neither NEXT nor WRITE with INDIRECT").isEqualTo(SplitRingLayout.F_INDIRECT);
                table = table(descriptors.get(0));
            }
            index = memory.getShort(offset + SplitRingLayout.DESCRIPTOR_NEXT) & 0xffff;
        } while ((flags & SplitRingLayout.F_NEXT) != 0);
        return RingDevice.check(format, size, head, descriptors, table);
    }

    private List<Descriptor> table(Descriptor reference) {
        int start = RingDevice.tableOffset(ring, reference.address(), reference.length());
        int count = reference.length() / SplitRingLayout.DESCRIPTOR_SIZE;
        List<Descriptor> descriptors = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int offset = start + i * SplitRingLayout.DESCRIPTOR_SIZE;
            boolean last = i + 1 == count;
            assertThat(flags(offset) & ~SplitRingLayout.F_WRITE).isEqualTo(last ? 0 : SplitRingLayout.F_NEXT);
            assertThat(last ? i + 1 : memory.getShort(offset + SplitRingLayout.DESCRIPTOR_NEXT)).isEqualTo(i + 1);
            descriptors.add(descriptor(offset));
        }
        return descriptors;
    }

    private int flags(int offset) {
        return memory.getShort(offset + SplitRingLayout.DESCRIPTOR_FLAGS) & 0xffff;
    }

    private Descriptor descriptor(int offset) {
        return new Descriptor(memory.getLong(offset), memory.getInt(offset + SplitRingLayout.DESCRIPTOR_LEN),
            (flags(offset) & SplitRingLayout.F_WRITE) != 0);
    }

    @Override
    public void use(Chain chain, int written) {
        claim(chain.id(), written);
    }

    @Override
    public void useBatch(List<Chain> chains, int written) {
        putElement(chains.get(chains.size() - 1).id(), written);
        publish(usedIndex + chains.size());
    }

    @Override
    public void claim(int id, int written) {
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

    @Override
    public void wish(boolean notifications) {
        memory.putShort(used + SplitRingLayout.USED_FLAGS,
            (short) (notifications ? 0 : SplitRingLayout.USED_F_NO_NOTIFY));
    }

    @Override
    public void wishAfter(int steps) {
        memory.putShort(used + SplitRingLayout.availEvent(size), (short) (seen + steps));
    }

    @Override
    public int steps(Chain chain) {
        return 1;
    }

    @Override
    public int period() {
        return 65536;
    }

    @Override
    public boolean driverWants() {
        int before = usedIndexThen;
        usedIndexThen = usedIndex;
        if (!format.eventIdx()) {
            return before != usedIndex && driverListens();
        }
        assertThat(availableFlags()).as("flags with EVENT_IDX").isZero();
        return (usedIndex - usedEvent() - 1 & 0xffff) < (usedIndex - before & 0xffff);
    }

    @Override
    public boolean driverListens() {
        return format.eventIdx() ? (usedEvent() - usedIndex & 0xffff) <= size
            : (availableFlags() & SplitRingLayout.AVAILABLE_F_NO_INTERRUPT) == 0;
    }

    @Override
    public int availablePosition() {
        return seen;
    }

    @Override
    public int usedPosition() {
        return usedIndex;
    }
}
