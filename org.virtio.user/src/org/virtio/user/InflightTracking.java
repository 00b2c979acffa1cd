// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import org.virtio.device.VirtioException;
import org.virtio.transport.InflightRecord;

/** How a transport has its back end note what is in flight, and go on with what another one had noted. Thread-safe. */
final class InflightTracking implements AutoCloseable {
    private final Connection connection;
    private final int queueSize;
    /** Null before the first start. */
    private Inflight inflight;
    private boolean adopted;
    private boolean closed;

    /**
     * For a back end that offers it.
     *
     * @param queueSize the greatest that a queue may have
     */
    InflightTracking(Connection connection, int queueSize) {
        this.connection = connection;
        this.queueSize = queueSize;
    }

    /** Before the first queue starts, or when what was noted holds no longer: has the back end note what is in flight. */
    synchronized void start(int queues) throws VirtioException {
        if (!adopted) {
            replace(Inflight.create(connection, queues, queueSize));
        }
        inflight.tell(connection);
    }

    private void replace(Inflight next) {
        if (inflight != null) {
            inflight.close();
        }
        inflight = next;
        if (closed && next != null) {
            next.close();
        }
    }

    /** Has the next start go on with what another back end had noted; false if that is nothing of this kind. */
    synchronized boolean adopt(InflightRecord record) {
        if (!(record instanceof Inflight predecessors)) {
            return false;
        }
        replace(predecessors);
        adopted = true;
        return true;
    }

    /** Whether queues start where another back end had left them. */
    synchronized boolean isAdopted() {
        return adopted;
    }

    /** Hands over what the back end has noted, or null. */
    synchronized InflightRecord take() {
        Inflight taken = inflight;
        inflight = null;
        return taken;
    }

    /** Queues begin empty from now on. */
    synchronized void forget() {
        replace(null);
        adopted = false;
    }

    @Override
    public synchronized void close() {
        closed = true;
        forget();
    }
}
