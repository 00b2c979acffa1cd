// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** That the host takes a device away: told by its transport at any time, heard once by who will close the device. */
public final class Removal {
    private final AtomicReference<Consumer<String>> handler = new AtomicReference<>();
    private volatile String reason;

    /** The host takes the device away. */
    void announce(String why) {
        reason = why;
        tell();
    }

    /** Who is told why, once, on a thread of the transport that must not be held up. */
    public void whenAnnounced(Consumer<String> who) {
        handler.set(who);
        tell();
    }

    /** Both who stores the reason and who stores the handler come here afterwards: at least one of them sees both. */
    private void tell() {
        if (reason != null) {
            Consumer<String> who = handler.getAndSet(null);
            if (who != null) {
                who.accept(reason);
            }
        }
    }
}
