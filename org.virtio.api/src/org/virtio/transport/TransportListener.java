// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

import org.osgi.annotation.versioning.ProviderType;

/** Is told by a transport what its device does unasked, on a thread of the transport and one call at a time. */
@ProviderType
public interface TransportListener {
    /** The configuration space changed. */
    void configurationChanged();

    /** The device can no longer be reached: it hung up, was removed, or broke the protocol. At most once, and the last. */
    void failed(String reason);
}
