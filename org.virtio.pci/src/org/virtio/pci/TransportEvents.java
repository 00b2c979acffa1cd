// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.util.function.Consumer;
import org.virtio.posix.EventLoop;
import org.virtio.transport.TransportListener;

/** Tells a transport's listener on the event loop's thread, whoever finds something out, and with which locks held. */
final class TransportEvents {
    private final EventLoop loop;
    private final TransportListener listener;
    private volatile boolean ended;
    /** The rest is of the loop's thread alone. */
    private boolean failed;
    private boolean removed;

    TransportEvents(EventLoop loop, TransportListener listener) {
        this.loop = loop;
        this.listener = listener;
    }

    void configurationChanged() {
        tell(to -> {
            if (!failed) {
                to.configurationChanged();
            }
        });
    }

    void failed(String reason) {
        tell(to -> {
            if (!failed) {
                failed = true;
                to.failed(reason);
            }
        });
    }

    void removed(String reason) {
        tell(to -> {
            if (!removed) {
                removed = true;
                to.removed(reason);
            }
        });
    }

    private void tell(Consumer<TransportListener> news) {
        loop.execute(() -> {
            if (!ended) {
                news.accept(listener);
            }
        });
    }

    /** From now on nothing is told. */
    void end() {
        ended = true;
    }
}
