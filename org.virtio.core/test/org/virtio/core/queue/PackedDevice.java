// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.virtio.spec.PackedRingLayout;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.QueueSetup;

/** The device's side of a packed virtqueue, section 2.8. Places count up through two rounds, of wrap counter 1 and 0. */
final class PackedDevice implements RingDevice {
    private final TestBuffer ring;
    private final ByteBuffer memory;
    private final RingFormat format;
    private final int size;
    private final int driverEvent;
    private final int deviceEvent;
    private int seen;
    private int used;
    private int usedThen;
    /** Whether F_WRITE is set where something was written; there are devices that never set it. */
    boolean setsWriteFlag = true;

    PackedDevice(Ring queue, TestBuffer ring) {
        QueueSetup setup = queue.setup();
        this.ring = ring;
        this.memory = ring.bytes();
        this.format = queue.format;
        this.size = setup.size();
        assertThat(setup.descriptorArea()).isEqualTo(ring.deviceAddress());
        this.driverEvent = (int) (setup.driverArea() - ring.deviceAddress());
        this.deviceEvent = (int) (setup.deviceArea() - ring.deviceAddress());
    }

    @Override
    public ByteBuffer memory() {
        return memory;
    }

    private int after(int place, int steps) {
        return (place + steps) % (2 * size);
    }

    private int offset(int place) {
        return place % size * PackedRingLayout.DESCRIPTOR_SIZE;
    }

    private boolean wrap(int place) {
        return place < size;
    }

    private int position(int place) {
        return place % size | (wrap(place) ? PackedRingLayout.WRAP_COUNTER : 0);
    }

    private int place(int position) {
        int offset = position & PackedRingLayout.WRAP_COUNTER - 1;
        return (position & PackedRingLayout.WRAP_COUNTER) != 0 ? offset : offset + size;
    }

    private int flags(int offset) {
        return memory.getShort(offset + PackedRingLayout.DESCRIPTOR_FLAGS) & 0xffff;
    }

    private boolean isAvailable(int place) {
        int flags = flags(offset(place));
        return (flags & PackedRingLayout.F_AVAIL) != 0 == wrap(place) && (flags & PackedRingLayout.F_USED) != 0 != wrap(place);
    }

    @Override
    public List<Chain> take() {
        List<Chain> chains = new ArrayList<>();
        while (isAvailable(seen)) {
            chains.add(chain());
        }
        return chains;
    }

    private Chain chain() {
        List<Descriptor> descriptors = new ArrayList<>();
        List<Descriptor> table = null;
        int flags;
        int id;
        do {
            assertThat(isAvailable(seen)).as("all of a chain is available with its head").isTrue();
            int offset = offset(seen);
            flags = flags(offset) & ~(PackedRingLayout.F_AVAIL | PackedRingLayout.F_USED);
            descriptors.add(descriptor(offset));
            id = memory.getShort(offset + PackedRingLayout.DESCRIPTOR_ID) & 0xffff;
            if ((flags & SplitRingLayout.F_INDIRECT) != 0) {
                assertThat(flags).as("neither NEXT nor WRITE with INDIRECT").isEqualTo(SplitRingLayout.F_INDIRECT);
                table = table(descriptors.get(0));
            }
            seen = after(seen, 1);
        } while ((flags & SplitRingLayout.F_NEXT) != 0);
        return RingDevice.check(format, size, id, descriptors, table);
    }

    private List<Descriptor> table(Descriptor reference) {
        int start = RingDevice.tableOffset(ring, reference.address(), reference.length());
        List<Descriptor> descriptors = new ArrayList<>();
        for (int offset = start; offset < start + reference.length(); offset += PackedRingLayout.DESCRIPTOR_SIZE) {
            assertThat(flags(offset) & ~SplitRingLayout.F_WRITE).as("no other flag in a table").isZero();
            descriptors.add(descriptor(offset));
        }
        return descriptors;
    }

    private Descriptor descriptor(int offset) {
        return new Descriptor(memory.getLong(offset), memory.getInt(offset + PackedRingLayout.DESCRIPTOR_LEN),
            (flags(offset) & SplitRingLayout.F_WRITE) != 0);
    }

    @Override
    public void use(Chain chain, int written) {
        putUsed(chain.id(), written, chain.ringSize());
    }

    @Override
    public void useBatch(List<Chain> chains, int written) {
        putUsed(chains.get(chains.size() - 1).id(), written, chains.stream().mapToInt(Chain::ringSize).sum());
    }

    @Override
    public void claim(int id, int written) {
        putUsed(id, written, 1);
    }

    private void putUsed(int id, int written, int skip) {
        int flags = (written != 0 && setsWriteFlag ? SplitRingLayout.F_WRITE : 0)
            | (wrap(used) ? PackedRingLayout.F_AVAIL | PackedRingLayout.F_USED : 0);
        memory.putInt(offset(used) + PackedRingLayout.DESCRIPTOR_LEN, written);
        memory.putShort(offset(used) + PackedRingLayout.DESCRIPTOR_ID, (short) id);
        memory.putShort(offset(used) + PackedRingLayout.DESCRIPTOR_FLAGS, (short) flags);
        used = after(used, skip);
    }

    @Override
    public void wish(boolean notifications) {
        memory.putShort(deviceEvent + PackedRingLayout.EVENT_FLAGS,
            (short) (notifications ? PackedRingLayout.EVENT_FLAGS_ENABLE : PackedRingLayout.EVENT_FLAGS_DISABLE));
    }

    @Override
    public void wishAfter(int steps) {
        memory.putShort(deviceEvent + PackedRingLayout.EVENT_OFF_WRAP, (short) position(after(seen, steps)));
        memory.putShort(deviceEvent + PackedRingLayout.EVENT_FLAGS, (short) PackedRingLayout.EVENT_FLAGS_DESC);
    }

    @Override
    public int steps(Chain chain) {
        return chain.ringSize();
    }

    @Override
    public int period() {
        return 2 * size;
    }

    int driverEventFlags() {
        return memory.getShort(driverEvent + PackedRingLayout.EVENT_FLAGS) & 0xffff;
    }

    @Override
    public boolean driverWants() {
        int before = usedThen;
        usedThen = used;
        if (before == used || driverEventFlags() == PackedRingLayout.EVENT_FLAGS_DISABLE) {
            return false;
        }
        if (driverEventFlags() == PackedRingLayout.EVENT_FLAGS_ENABLE) {
            return true;
        }
        assertThat(driverEventFlags()).isEqualTo(PackedRingLayout.EVENT_FLAGS_DESC);
        assertThat(format.eventIdx()).as("DESC only with EVENT_IDX").isTrue();
        int event = place(memory.getShort(driverEvent + PackedRingLayout.EVENT_OFF_WRAP) & 0xffff);
        return after(used + 2 * size, -event - 1 + 2 * size) < after(used + 2 * size, -before);
    }

    @Override
    public boolean driverListens() {
        return driverEventFlags() != PackedRingLayout.EVENT_FLAGS_DISABLE;
    }

    @Override
    public int availablePosition() {
        return position(seen);
    }

    @Override
    public int usedPosition() {
        return position(used);
    }
}
