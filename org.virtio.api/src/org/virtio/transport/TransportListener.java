// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

import org.osgi.annotation.versioning.ProviderType;

/** Is told by a transport what its device does unasked, on a thread of the transport and one call at a time. */
@ProviderType
public interface TransportListener {
    /** The configuration space changed. */
    void configurationChanged();

    /**
     * The host takes the device away, or has done so: it is to be let go of soon, because the host may wait for that. It may
     * come back. At most once; {@link #failed} may come before it, if the device cannot be reached any more.
     */
    void removed(String reason);

    /** The device can no longer be reached: it hung up, was removed, or broke the protocol. At most once. */
    void failed(String reason);
}
