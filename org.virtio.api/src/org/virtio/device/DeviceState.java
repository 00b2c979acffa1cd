// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

/** Where a device of the registry is in its life. */
public enum DeviceState {
    /** Attached by name, but no transport provider for its address is there. It has no service. */
    DECLARED,
    /** Open, reset and acknowledged; no driver has started it. */
    OPEN,
    /** A driver has started it: DRIVER_OK is set. */
    READY,
    /** It can no longer be used; see {@link VirtioDevice#failure()}. Detach it to let go of it. */
    FAILED,
    /** Closed; its service is gone. */
    REMOVED
}
