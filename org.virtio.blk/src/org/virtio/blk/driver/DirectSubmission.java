// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.blk.BlockCallback;

/** A request that one call enters: there is nothing to copy. */
final class DirectSubmission extends Submission implements BlockCallback {
    private final Entry entry;

    /** How the request is entered. */
    @FunctionalInterface
    interface Entry {
        /** Enters the request with its callback and context. */
        int enter(RequestEngine engine, BlockCallback callback, Object context);
    }

    DirectSubmission(String description, Entry entry) {
        super(description);
        this.entry = entry;
    }

    @Override
    int enter(Poller poller) {
        return entry.enter(poller.engine(), this, poller);
    }

    @Override
    public void completed(Object context, int result) {
        finish(result, (Poller) context);
    }
}
