// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.lang.invoke.VarHandle;
import org.virtio.memory.DmaBuffer;

/** Driver and device over one ring: the driver's side is the real one, the device's is here, access by access. */
abstract class Ends {
    /** Bytes of the first and of the second request. */
    static final int FIRST = 32;
    static final int SECOND = 64;
    /** What {@link #lengths} returns of both. */
    static final int BOTH = FIRST + SECOND;
    /** Bytes that {@link #use} says were written. */
    static final int WRITTEN = 7;
    /** Where {@link #use} writes: behind the ring. */
    private static final int DATA = 448;

    final DmaBuffer memory = RingArena.HERE.buffer();
    final RingMemory device = new RingMemory(memory.bytes());
    final boolean eventIdx;
    final Ring queue;
    final int driverArea;
    final int deviceArea;
    private int polled = -1;

    Ends(boolean packed, boolean eventIdx) {
        this.eventIdx = eventIdx;
        queue = RingArena.queue(memory, packed, eventIdx);
        driverArea = (int) (queue.setup().driverArea() - queue.setup().descriptorArea());
        deviceArea = (int) (queue.setup().deviceArea() - queue.setup().descriptorArea());
    }

    /** Ends with an empty ring, and a device that wants no notification. */
    static Ends idle(boolean packed, boolean eventIdx) {
        Ends ends = packed ? new PackedEnds(eventIdx) : new SplitEnds(eventIdx);
        ends.refuseNotification();
        return ends;
    }

    /** Ends with one request in flight, and a driver that wants no notification. */
    static Ends busy(boolean packed, boolean eventIdx) {
        Ends ends = idle(packed, eventIdx);
        ends.publishOne();
        return ends;
    }

    /** The driver makes a request available: 1 if it notifies. */
    final int publishOne() {
        enter(FIRST);
        return queue.flush() ? 1 : 0;
    }

    /** The driver makes two requests available at once. */
    final void publishBoth() {
        enter(FIRST);
        enter(SECOND);
        queue.flush();
    }

    private void enter(int length) {
        queue.begin(this, 1);
        queue.addWritable(memory, 0, length);
    }

    /** The driver polls: -1 for nothing, what was written and its length, or something else if the queue broke. */
    final int poll() {
        int count = queue.poll((token, written) -> polled = written + (int) device.getLongPlain(DATA), 1);
        return count < 0 ? count - 100 : polled;
    }

    /** The driver wants to sleep: 1 if it does. */
    final int sleepIfSafe() {
        return queue.enableNotifications() ? 1 : 0;
    }

    /** The device asks for a notification, and then looks: 1 if something is available. */
    final int askAndLook() {
        askForNotification();
        VarHandle.fullFence();
        return isAvailable() ? 1 : 0;
    }

    /** The device uses the first request, and then looks: 1 if the driver wants a notification. */
    final int useAndLook() {
        use();
        VarHandle.fullFence();
        return driverWantsNotification() ? 1 : 0;
    }

    /** The device writes data, and uses the first request. */
    final void use() {
        device.putLongPlain(DATA, 10 * WRITTEN);
        putUsed();
    }

    abstract void putUsed();

    /** With acquire. */
    abstract boolean isAvailable();

    /** The lengths of both requests as the device reads them, once something is available. */
    abstract int lengths();

    abstract void refuseNotification();

    abstract void askForNotification();

    abstract boolean driverWantsNotification();

    /** What the driver does in {@link #publishOne}, with release and acquire alone. */
    abstract boolean publishWithoutFence();

    /** What the device does in {@link #askAndLook}, with release and acquire alone. */
    abstract boolean askWithoutFence();
}
