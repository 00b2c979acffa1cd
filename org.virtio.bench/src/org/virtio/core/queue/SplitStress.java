// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.SplitRingLayout;

/** The ordering claims of the split virtqueue: driver and device as two threads over one ring. */
public class SplitStress {
    private static final int AVAILABLE = SplitRingLayout.descriptorTableSize(RingArena.SIZE);
    private static final int AVAILABLE_IDX = AVAILABLE + SplitRingLayout.AVAILABLE_IDX;

    private SplitStress() {
    }

    /** A ring, its driver's side, and the device's view of the same memory. */
    abstract static class Ends {
        final DmaBuffer memory = RingArena.buffer();
        final RingMemory device = new RingMemory(memory.bytes());
        final Ring queue;
        final int used;
        int polled = -1;

        Ends(boolean eventIdx) {
            queue = RingArena.queue(memory, eventIdx);
            used = (int) (queue.setup().deviceArea() - queue.setup().descriptorArea());
        }

        final void enterRequest() {
            queue.begin(this, 1);
            queue.addWritable(memory, 0, 64);
        }

        final int usedBy(int element) {
            return used + SplitRingLayout.USED_RING + element * SplitRingLayout.USED_ELEMENT_SIZE;
        }
    }

    /** A device that sees the available index sees the ring entry and the descriptors before it. */
    @JCStressTest
    @State
    @Outcome(id = "-1", expect = ACCEPTABLE, desc = "not yet available")
    @Outcome(id = "66", expect = ACCEPTABLE, desc = "the descriptor, whole: length 64 and the flag F_WRITE")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "available before it was written")
    public static class Publication extends Ends {
        /** A ring with nothing in it. */
        public Publication() {
            super(false);
        }

        /** Publishes. */
        @Actor
        public void driver() {
            enterRequest();
            queue.flush();
        }

        /** Looks. */
        @Actor
        public void device(I_Result result) {
            if (device.getShortAcquire(AVAILABLE_IDX) == 0) {
                result.r1 = -1;
            } else {
                long word = device.getLongPlain(SplitRingLayout.DESCRIPTOR_LEN);
                result.r1 = (int) word + (int) (word >>> 32);
            }
        }
    }

    /** A driver that sees the used index sees the element before it. */
    @JCStressTest
    @State
    @Outcome(id = "-1", expect = ACCEPTABLE, desc = "not yet used")
    @Outcome(id = "7", expect = ACCEPTABLE, desc = "used, with the length written")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "used before the element was written, or the queue broke")
    public static class UsedConsumption extends Ends {
        /** A ring with one request in flight, and an impossible element where the real one will be. */
        public UsedConsumption() {
            super(false);
            enterRequest();
            queue.flush();
            device.putLongPlain(usedBy(0), -1);
        }

        /** Uses the request. */
        @Actor
        public void device() {
            device.putLongPlain(usedBy(0), 7L << 32);
            device.putShortRelease(used + SplitRingLayout.USED_IDX, 1);
        }

        /** Polls. */
        @Actor
        public void driver(I_Result result) {
            int count = queue.poll((token, written) -> polled = written, 1);
            result.r1 = count < 0 ? count - 100 : polled;
        }
    }

    /** Driver notifies or device sees the request, with the no-notify flag. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "lost wake-up: not notified, and not seen")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class AvailableNotificationByFlag extends Ends {
        /** A device that has asked not to be notified. */
        public AvailableNotificationByFlag() {
            super(false);
            device.putShortOpaque(used + SplitRingLayout.USED_FLAGS, SplitRingLayout.USED_F_NO_NOTIFY);
        }

        /** Publishes. */
        @Actor
        public void driver(II_Result result) {
            enterRequest();
            result.r1 = queue.flush() ? 1 : 0;
        }

        /** Goes to sleep. */
        @Actor
        public void device(II_Result result) {
            device.putShortOpaque(used + SplitRingLayout.USED_FLAGS, 0);
            VarHandle.fullFence();
            result.r2 = device.getShortOpaque(AVAILABLE_IDX);
        }
    }

    /** Driver notifies or device sees the request, with avail_event. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "lost wake-up: not notified, and not seen")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class AvailableNotificationByEvent extends Ends {
        private final int availEvent = used + SplitRingLayout.availEvent(RingArena.SIZE);

        /** A device that has put avail_event out of reach. */
        public AvailableNotificationByEvent() {
            super(true);
            device.putShortOpaque(availEvent, 0x8000);
        }

        /** Publishes. */
        @Actor
        public void driver(II_Result result) {
            enterRequest();
            result.r1 = queue.flush() ? 1 : 0;
        }

        /** Goes to sleep. */
        @Actor
        public void device(II_Result result) {
            device.putShortOpaque(availEvent, 0);
            VarHandle.fullFence();
            result.r2 = device.getShortOpaque(AVAILABLE_IDX);
        }
    }

    /** Device notifies or driver sees the used buffer, with the no-interrupt flag. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "lost wake-up: the driver sleeps, and the device does not notify")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class UsedNotificationByFlag extends Ends {
        /** A driver that spins, with one request in flight. */
        public UsedNotificationByFlag() {
            super(false);
            enterRequest();
            queue.flush();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = queue.enableNotifications() ? 1 : 0;
        }

        /** Uses the request. */
        @Actor
        public void device(II_Result result) {
            device.putShortRelease(used + SplitRingLayout.USED_IDX, 1);
            VarHandle.fullFence();
            result.r2 = device.getShortOpaque(AVAILABLE + SplitRingLayout.AVAILABLE_FLAGS) == 0 ? 1 : 0;
        }
    }

    /** Device notifies or driver sees the used buffer, with used_event. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "lost wake-up: the driver sleeps, and the device does not notify")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class UsedNotificationByEvent extends Ends {
        /** A driver that spins, with one request in flight. */
        public UsedNotificationByEvent() {
            super(true);
            enterRequest();
            queue.flush();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = queue.enableNotifications() ? 1 : 0;
        }

        /** Uses the request. */
        @Actor
        public void device(II_Result result) {
            device.putShortRelease(used + SplitRingLayout.USED_IDX, 1);
            VarHandle.fullFence();
            int usedEvent = device.getShortOpaque(AVAILABLE + SplitRingLayout.usedEvent(RingArena.SIZE));
            result.r2 = usedEvent == 0 ? 1 : 0;
        }
    }

    /**
     * What {@link AvailableNotificationByFlag} would be with release and acquire instead of the full fences: the reason why
     * the fences are there. Several well-known drivers have this bug.
     */
    @JCStressTest
    @State
    @Outcome(id = "0, 0", expect = ACCEPTABLE_INTERESTING, desc = "lost wake-up: not notified, and not seen")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class WithoutTheFence extends Ends {
        /** A device that has asked not to be notified. */
        public WithoutTheFence() {
            super(false);
            device.putShortOpaque(used + SplitRingLayout.USED_FLAGS, SplitRingLayout.USED_F_NO_NOTIFY);
        }

        /** Publishes, and looks at the flag at once. */
        @Actor
        public void driver(II_Result result) {
            device.putShortRelease(AVAILABLE_IDX, 1);
            result.r1 = device.getShortAcquire(used + SplitRingLayout.USED_FLAGS) == 0 ? 1 : 0;
        }

        /** Goes to sleep, and looks at the index at once. */
        @Actor
        public void device(II_Result result) {
            device.putShortRelease(used + SplitRingLayout.USED_FLAGS, 0);
            result.r2 = device.getShortAcquire(AVAILABLE_IDX);
        }
    }
}
