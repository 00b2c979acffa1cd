// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Which requests of a target go wrong, and how. Requests are counted from 1 over all queues and connections of the target.
 * Thread-safe.
 */
public final class FaultPlan {
    /**
     * Some requests.
     *
     * @param first the first of them
     * @param last  the last of them
     */
    public record Requests(long first, long last) {
        /** All requests. */
        public static final Requests ALL = new Requests(1, Long.MAX_VALUE);
    }

    private final Map<RequestFault, Requests> faults;
    private final Runnable disconnect;
    private final AtomicLong count = new AtomicLong();

    /**
     * A plan.
     *
     * @param disconnect ends the connection at once; called from a queue's thread, must not wait for that
     */
    public FaultPlan(Map<RequestFault, Requests> faults, Runnable disconnect) {
        this.faults = new EnumMap<>(faults);
        this.disconnect = disconnect;
    }

    /** What goes wrong with the next request. */
    Set<RequestFault> next() {
        long number = count.incrementAndGet();
        Set<RequestFault> result = EnumSet.noneOf(RequestFault.class);
        faults.forEach((fault, requests) -> {
            if (number >= requests.first && number <= requests.last) {
                result.add(fault);
            }
        });
        return result;
    }

    void disconnect() {
        disconnect.run();
    }
}
