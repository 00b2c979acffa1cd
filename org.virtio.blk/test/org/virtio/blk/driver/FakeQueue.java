// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;

/**
 * A virtqueue without a ring. What the driver publishes is either served at once, by the thread that publishes it, or held
 * until a test has the device serve it. Its monitor stands for everything that a real queue does without one.
 */
final class FakeQueue implements Virtqueue {
    private final int index;
    private final int size;
    private final FakeDisk disk;
    private final Random order;
    private final List<FakeChain> unused = new ArrayList<>();
    private final List<FakeChain> entered = new ArrayList<>();
    private final List<FakeChain> available = new ArrayList<>();
    private final List<FakeChain> used = new ArrayList<>();
    private FakeChain building;
    private int freeDescriptors;
    private boolean hold;
    private boolean notifications;
    private boolean signalled;
    private boolean asleep;
    private String broken;
    private boolean beyondRepair;
    /** Runs on the owner's thread when it is about to be given back what is in flight. */
    Runnable beforeDetach = () -> { };
    Thread owner;
    int flushes;
    int awaits;
    long awaitNanos;
    int inFlightWhenBroken = -1;

    FakeQueue(int index, int size, FakeDisk disk, long seed) {
        this.index = index;
        this.size = size;
        this.disk = disk;
        this.order = new Random(seed);
        this.freeDescriptors = size;
        for (int i = 0; i < size; i++) {
            unused.add(new FakeChain());
        }
    }

    /** Whether requests wait until {@link #serve} is called. */
    synchronized void hold(boolean newHold) {
        hold = newHold;
    }

    /** The device uses up to so many requests, in any order; returns how many there were. */
    synchronized int serve(int limit) {
        int count = 0;
        for (; count < limit && !available.isEmpty() && broken == null; count++) {
            FakeChain chain = removeFast(available, order.nextInt(available.size()));
            disk.execute(chain);
            used.add(chain);
        }
        if (count > 0 && notifications) {
            signal();
        }
        return count;
    }

    /** The device serves until the queue is broken. */
    void serveForever() throws InterruptedException {
        while (!isBroken()) {
            synchronized (this) {
                if (available.isEmpty() && broken == null) {
                    wait();
                }
            }
            serve(1);
        }
    }

    /** Waits until the device has so many requests. */
    synchronized void awaitAvailable(int count) throws InterruptedException {
        while (available.size() < count) {
            wait();
        }
    }

    /** Waits until the owner sleeps. */
    synchronized void awaitAsleep() throws InterruptedException {
        while (!asleep) {
            wait();
        }
    }

    synchronized int available() {
        return available.size();
    }

    private void signal() {
        signalled = true;
        notifyAll();
    }

    private static FakeChain removeFast(List<FakeChain> list, int at) {
        FakeChain last = list.remove(list.size() - 1);
        return at == list.size() ? last : list.set(at, last);
    }

    private void checkOwner() {
        if (Thread.currentThread() != owner) {
            throw new AssertionError("queue " + index + " is owned by " + owner);
        }
    }

    private void release(FakeChain chain) {
        freeDescriptors += chain.count;
        unused.add(chain);
    }

    private void enter() {
        if (building == null) {
            return;
        }
        freeDescriptors += building.max - building.count;
        if (building.count == 0) {
            unused.add(building);
        } else {
            entered.add(building);
        }
        building = null;
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public synchronized int freeDescriptors() {
        return freeDescriptors;
    }

    @Override
    public synchronized int inFlight() {
        return (building == null ? 0 : 1) + entered.size() + available.size() + used.size();
    }

    @Override
    public synchronized int begin(Object token, long context, int maxDescriptors) {
        checkOwner();
        enter();
        if (broken != null) {
            return QueueResult.BROKEN;
        }
        if (maxDescriptors < 1 || maxDescriptors > size) {
            return QueueResult.INVALID;
        }
        if (maxDescriptors > freeDescriptors) {
            return QueueResult.FULL;
        }
        freeDescriptors -= maxDescriptors;
        building = unused.remove(unused.size() - 1);
        building.start(token, context, maxDescriptors);
        return QueueResult.OK;
    }

    @Override
    public synchronized void addReadable(DmaBuffer buffer, int offset, int length) {
        checkOwner();
        building.add(buffer, offset, length, true);
    }

    @Override
    public synchronized void addWritable(DmaBuffer buffer, int offset, int length) {
        checkOwner();
        building.add(buffer, offset, length, false);
    }

    @Override
    public synchronized void abort() {
        checkOwner();
        if (building != null) {
            freeDescriptors += building.max;
            unused.add(building);
            building = null;
        }
    }

    @Override
    public void preferIndirect() {
        checkOwner();
    }

    @Override
    public synchronized boolean publish() {
        checkOwner();
        enter();
        flushes++;
        for (int i = 0; i < entered.size(); i++) {
            available.add(entered.get(i));
        }
        entered.clear();
        if (!hold) {
            serve(size);
        }
        notifyAll();
        return true;
    }

    @Override
    public boolean notifyDevice() {
        checkOwner();
        return !isBroken();
    }

    @Override
    public int poll(UsedBufferHandler handler, int limit) {
        checkOwner();
        for (int count = 0;; count++) {
            Object token;
            long context;
            int written;
            synchronized (this) {
                if (broken != null) {
                    return count == 0 ? QueueResult.BROKEN : count;
                }
                if (count == limit || used.isEmpty()) {
                    return count;
                }
                FakeChain chain = used.remove(0);
                release(chain);
                token = chain.token;
                context = chain.context;
                written = chain.written;
            }
            handler.used(token, context, written);
        }
    }

    @Override
    public synchronized void disableNotifications() {
        checkOwner();
        notifications = false;
    }

    @Override
    public synchronized boolean enableNotifications() {
        checkOwner();
        notifications = used.isEmpty() && broken == null;
        return notifications;
    }

    @Override
    public synchronized int prepareNotifications() {
        checkOwner();
        notifications = true;
        return 0;
    }

    @Override
    public synchronized boolean isUsed(int position) {
        return !used.isEmpty() || broken != null;
    }

    @Override
    public boolean enableNotificationsDelayed() {
        return enableNotifications();
    }

    @Override
    public synchronized boolean await(long timeoutNanos) {
        checkOwner();
        awaits++;
        awaitNanos = timeoutNanos;
        asleep = true;
        notifyAll();
        long end = System.nanoTime() + timeoutNanos;
        try {
            for (long left = timeoutNanos; !signalled && left > 0; left = end - System.nanoTime()) {
                wait(left / 1_000_000 + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        asleep = false;
        boolean result = signalled;
        signalled = false;
        return result;
    }

    @Override
    public synchronized void wakeup() {
        signal();
    }

    @Override
    public synchronized boolean isBroken() {
        return broken != null;
    }

    @Override
    public synchronized String brokenReason() {
        return broken;
    }

    @Override
    public synchronized void breakQueue(String reason) {
        if (broken == null) {
            broken = reason;
            inFlightWhenBroken = inFlight();
        }
        signal();
    }

    @Override
    public synchronized boolean unbreak() {
        if (!beyondRepair) {
            broken = null;
        }
        return !beyondRepair;
    }

    @Override
    public int detach(UsedBufferHandler handler) {
        checkOwner();
        beforeDetach.run();
        synchronized (this) {
            if (broken == null) {
                throw new IllegalStateException("not broken");
            }
            beyondRepair = true;
            enter();
        }
        int count = 0;
        // One by one: what a handler's exception leaves over is still there.
        for (FakeChain chain = removeAny(); chain != null; chain = removeAny()) {
            count++;
            handler.used(chain.token, chain.context, 0);
        }
        return count;
    }

    private synchronized FakeChain removeAny() {
        List<FakeChain> from = !used.isEmpty() ? used : !available.isEmpty() ? available : entered;
        return from.isEmpty() ? null : from.remove(0);
    }

    @Override
    public QueueDTO dump() {
        return new QueueDTO();
    }
}
