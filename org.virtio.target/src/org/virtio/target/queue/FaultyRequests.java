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

import java.util.BitSet;
import java.util.Set;

/** Executes requests as {@link BlockRequests} does, and breaks those that a plan names. Used by one thread at a time. */
final class FaultyRequests {
    private static final int INDEX_MASK = 0xffff;
    private static final int BAD_STATUS = 0x5a;

    private final FaultPlan plan;
    private final BlockRequests requests;
    private final DeviceRing ring;
    private final int size;
    private final BitSet inFlight = new BitSet();
    private boolean reorder;
    private boolean loseNotification;

    FaultyRequests(FaultPlan plan, BlockRequests requests, DeviceRing ring, int size) {
        this.plan = plan;
        this.requests = requests;
        this.ring = ring;
        this.size = size;
    }

    /**
     * Serves a request that was checked.
     *
     * @param used          where the next used element goes
     * @param nextAvailable index in the available ring of the request after this one
     * @return where the one after that goes
     */
    int serve(Chain chain, int used, int nextAvailable) throws QueueException {
        Set<RequestFault> faults = plan.next();
        inFlight.set(chain.head());
        if (faults.contains(DISCONNECT)) {
            plan.disconnect();
            throw new QueueException("the front end was disconnected on request");
        }
        if (faults.contains(STALL)) {
            return used;
        }
        reorder |= faults.contains(REORDER);
        loseNotification |= faults.contains(NO_NOTIFY);
        int written = execute(chain, faults);
        ring.putUsed(used, id(chain, faults, nextAvailable), length(chain, faults, written));
        inFlight.clear(chain.head());
        if (faults.contains(INDEX_JUMP)) {
            return used + size + 1 & INDEX_MASK;
        }
        if (faults.contains(DUPLICATE)) {
            ring.putUsed(used + 1, chain.head(), written);
            return used + 2 & INDEX_MASK;
        }
        return used + 1 & INDEX_MASK;
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

    private int id(Chain chain, Set<RequestFault> faults, int nextAvailable) {
        if (faults.contains(WRONG_ID)) {
            return size + chain.head();
        }
        return faults.contains(ID_NOT_IN_FLIGHT) ? idNotInFlight(nextAvailable) : chain.head();
    }

    /** For the driver also those are in flight that it has made available and that this device has not taken. */
    private int idNotInFlight(int nextAvailable) {
        BitSet taken = (BitSet) inFlight.clone();
        int available = ring.availableIndex();
        for (int index = nextAvailable; index != available; index = index + 1 & INDEX_MASK) {
            taken.set(ring.availableHead(index));
        }
        return taken.nextClearBit(0);
    }

    private static int length(Chain chain, Set<RequestFault> faults, int written) {
        if (faults.contains(LONG_LENGTH)) {
            return (int) (chain.writableBytes() + 1);
        }
        return faults.contains(SHORT_LENGTH) ? 0 : written;
    }

    /** Is told that elements are about to be published. */
    void beforePublish(int from, int to) {
        if (reorder) {
            reorder = false;
            ring.reverse(from, to);
        }
    }

    /** Whether the notification for what was published is lost; says so once. */
    boolean losesNotification() {
        boolean lost = loseNotification;
        loseNotification = false;
        return lost;
    }
}
