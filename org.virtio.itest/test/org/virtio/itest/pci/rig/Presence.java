// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

/** Whether a function is still in its slot. It goes once; what is plugged in later is another one. Thread-safe. */
final class Presence {
    private volatile boolean gone;

    boolean isGone() {
        return gone;
    }

    /** Called before the function is taken out, so that nobody sees it half gone. */
    void end() {
        gone = true;
    }
}
