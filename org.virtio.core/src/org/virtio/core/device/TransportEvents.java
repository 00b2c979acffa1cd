// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.transport.TransportListener;

/** Passes what a transport tells on to its device, which does not exist yet when the transport is opened. */
final class TransportEvents implements TransportListener {
    // All volatile: failed stores the failure, then loads the device; deliverTo does it the other way round. One of them
    // sees the other's store, and CoreDevice.failed takes the same failure twice. The same goes for the removal.
    private volatile String failure;
    private volatile String removal;
    private volatile CoreDevice device;

    void deliverTo(CoreDevice target) {
        device = target;
        if (failure != null) {
            target.failed(this, failure);
        }
        if (removal != null) {
            target.removal().announce(removal);
        }
    }

    @Override
    public void configurationChanged() {
        CoreDevice target = device;
        if (target != null) {
            target.configurationChanged();
        }
    }

    @Override
    public void removed(String reason) {
        removal = reason;
        CoreDevice target = device;
        if (target != null) {
            target.removal().announce(reason);
        }
    }

    @Override
    public void failed(String reason) {
        failure = reason;
        CoreDevice target = device;
        if (target != null) {
            target.failed(this, reason);
        }
    }
}
