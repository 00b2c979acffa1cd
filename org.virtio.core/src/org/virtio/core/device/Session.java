// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.transport.TransportProvider;

/**
 * One transport of a device, from its opening to its end: so that what is said of it is not taken for something about the next.
 * What it has is held no longer than it lasts.
 */
public final class Session {
    private final TransportProvider provider;
    private final TransportEvents events;

    Session(TransportProvider provider, TransportEvents events) {
        this.provider = provider;
        this.events = events;
    }

    /** Who opened it. */
    public TransportProvider provider() {
        return provider;
    }

    boolean has(TransportEvents source) {
        return events == source;
    }
}
