// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.BlkRequestLayout.STATUS_SIZE;
import static org.virtio.spec.BlkRequestLayout.S_IOERR;
import static org.virtio.spec.BlkRequestLayout.S_OK;
import static org.virtio.spec.BlkRequestLayout.S_UNSUPP;
import static org.virtio.spec.BlkRequestLayout.TYPE;
import static org.virtio.spec.BlkRequestLayout.T_IN;
import static org.virtio.target.queue.RequestFault.CORRUPT_DATA;
import static org.virtio.target.queue.RequestFault.DISCONNECT;
import static org.virtio.target.queue.RequestFault.DUPLICATE;
import static org.virtio.target.queue.RequestFault.GARBAGE_STATUS;
import static org.virtio.target.queue.RequestFault.ID_NOT_IN_FLIGHT;
import static org.virtio.target.queue.RequestFault.INDEX_JUMP;
import static org.virtio.target.queue.RequestFault.IOERR;
import static org.virtio.target.queue.RequestFault.LONG_LENGTH;
import static org.virtio.target.queue.RequestFault.LOST;
import static org.virtio.target.queue.RequestFault.NO_NOTIFY;
import static org.virtio.target.queue.RequestFault.NO_STATUS;
import static org.virtio.target.queue.RequestFault.REORDER;
import static org.virtio.target.queue.RequestFault.SHORT_LENGTH;
import static org.virtio.target.queue.RequestFault.STALL;
import static org.virtio.target.queue.RequestFault.UNSUPP;
import static org.virtio.target.queue.RequestFault.WRONG_ID;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Executes requests as {@link BlockRequests} does, and breaks those that a plan names, alike in both ring formats. A request
 * that is used wrongly has a used element of its own also where IN_ORDER was negotiated, so that nothing is wrong with others.
 * Used by one thread at a time.
 */
final class FaultyRequests {
    private static final int BAD_STATUS = 0x5a;
    private static final Set<RequestFault> FAULTS_OF_USE = EnumSet.of(WRONG_ID, ID_NOT_IN_FLIGHT, DUPLICATE, LONG_LENGTH,
        SHORT_LENGTH, INDEX_JUMP);

    /** How a request is to be used. */
    private record Use(int id, int descriptors, int length, long writable, boolean alone, boolean jump) {
    }

    private final FaultPlan plan;
    private final BlockRequests requests;
    private final DeviceRing ring;
    private final int size;
    private final boolean inOrder;
    private final BitSet inFlight = new BitSet();
    private final List<Use> uses = new ArrayList<>();
    private boolean stalled;
    private boolean reorder;
    private boolean loseNotification;

    FaultyRequests(FaultPlan plan, BlockRequests requests, DeviceRing ring, int size, boolean inOrder) {
        this.plan = plan;
        this.requests = requests;
        this.ring = ring;
        this.size = size;
        this.inOrder = inOrder;
    }

    /** Goes on after a pause: what is in flight then has stalled before. */
    void begin() {
        stalled = ring.inFlight() > 0;
    }

    /** Serves a request that was checked and taken. */
    void serve(Chain chain) throws QueueException {
        Set<RequestFault> faults = plan.next();
        inFlight.set(chain.id());
        if (faults.contains(DISCONNECT)) {
            plan.disconnect();
            throw new QueueException("the front end was disconnected on request");
        }
        stalled |= faults.contains(STALL);
        if (faults.contains(STALL) || stalled && inOrder) {
            return;
        }
        reorder |= faults.contains(REORDER);
        loseNotification |= faults.contains(NO_NOTIFY);
        int written = execute(chain, faults);
        boolean alone = faults.stream().anyMatch(FAULTS_OF_USE::contains);
        uses.add(new Use(id(chain, faults), chain.descriptors(), length(chain, faults, written), chain.writableBytes(), alone,
            faults.contains(INDEX_JUMP)));
        inFlight.clear(chain.id());
        if (faults.contains(DUPLICATE)) {
            uses.add(new Use(chain.id(), chain.descriptors(), written, chain.writableBytes(), true, false));
        }
    }

    /** Uses what was served since the last call. */
    void use(UsedBuffers used) {
        if (reorder) {
            Collections.reverse(uses);
        }
        for (Use use : uses) {
            boolean alone = use.alone || reorder;
            if (alone) {
                used.end();
            }
            if (use.jump) {
                ring.jump();
            }
            used.use(use.id, use.descriptors, use.length, use.writable);
            if (alone) {
                used.end();
            }
        }
        uses.clear();
        reorder = false;
    }

    private int execute(Chain chain, Set<RequestFault> faults) {
        if (faults.contains(IOERR)) {
            return requests.refuse(chain, S_IOERR);
        }
        if (faults.contains(UNSUPP)) {
            return requests.refuse(chain, S_UNSUPP);
        }
        if (faults.contains(LOST)) {
            return requests.refuse(chain, S_OK);
        }
        if (faults.contains(NO_STATUS)) {
            return (int) (chain.writableBytes() - STATUS_SIZE);
        }
        boolean read = (int) chain.readableLong(TYPE) == T_IN && chain.writableBytes() > STATUS_SIZE;
        int written = requests.execute(chain);
        if (faults.contains(CORRUPT_DATA) && read) {
            int piece = chain.firstWritable();
            int offset = chain.offset(piece);
            chain.buffer(piece).put(offset, (byte) ~chain.buffer(piece).get(offset));
        }
        return faults.contains(GARBAGE_STATUS) ? requests.complete(chain, BAD_STATUS) : written;
    }

    private int id(Chain chain, Set<RequestFault> faults) {
        if (faults.contains(WRONG_ID)) {
            return size + chain.id();
        }
        return faults.contains(ID_NOT_IN_FLIGHT) ? idNotInFlight() : chain.id();
    }

    /** For the driver also those are in flight that it has made available and that this device has not taken. */
    private int idNotInFlight() {
        BitSet taken = (BitSet) inFlight.clone();
        ring.addAvailableIds(taken);
        return taken.nextClearBit(0);
    }

    private static int length(Chain chain, Set<RequestFault> faults, int written) {
        if (faults.contains(LONG_LENGTH)) {
            return (int) (chain.writableBytes() + 1);
        }
        return faults.contains(SHORT_LENGTH) ? 0 : written;
    }

    /** Whether the notification for what was published is lost; says so once. */
    boolean losesNotification() {
        boolean lost = loseNotification;
        loseNotification = false;
        return lost;
    }
}
