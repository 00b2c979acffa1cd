// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

/** Where a device of the registry is in its life. */
public enum DeviceState {
    /** Attached by name, but no transport provider for its address is there. It has no service. */
    DECLARED,
    /** It is being opened. It has no service. */
    ATTACHING,
    /** Open, reset and acknowledged; no driver has started it. */
    OPEN,
    /** A driver has started it: DRIVER_OK is set. */
    READY,
    /**
     * It has lost its transport for a while. Its queues keep what is in flight and take more, until they are full, and all of it
     * is submitted again when the transport is back. Its configuration cannot be read.
     */
    SUSPENDED,
    /** It can no longer be used; see {@link VirtioDevice#failure()}. Detach it to let go of it. */
    FAILED,
    /** Closed; its service is gone. */
    REMOVED
}
