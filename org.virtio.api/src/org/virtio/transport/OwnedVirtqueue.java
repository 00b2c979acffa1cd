// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

import org.virtio.queue.Virtqueue;

/** A virtqueue as the core sees it, which hands queues to their owners. A driver sees a {@link Virtqueue}. */
public interface OwnedVirtqueue extends Virtqueue {
    /** The thread that owns the queue, or null. Any thread. */
    Thread owner();

    /**
     * Hands the queue over: what the owner before did is visible to the new one. Called by the core alone.
     *
     * @param thread null to take it back
     */
    void owner(Thread thread);

    /**
     * Breaks the queue for what the device did, or because it is gone: {@link #unbreak} does not work any more. The first
     * reason stays. Any thread.
     */
    void breakForGood(String reason);
}
