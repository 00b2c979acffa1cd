// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.io.IOException;
import org.virtio.posix.PeerCredentials;
import org.virtio.posix.UnixSocket;
import org.virtio.target.TargetOptions;

/**
 * Whose processes may connect. The mode of a socket's file does not say it alone: it does not hold for root, and the file's owner
 * may change it.
 *
 * @param uid as in {@link TargetOptions#uid}
 */
record AllowedUid(long uid) {
    /** Why the process at the other end is refused; null if it is not. */
    String refusal(UnixSocket socket) throws IOException {
        if (uid == TargetOptions.ANY_UID) {
            return null;
        }
        PeerCredentials peer = socket.peerCredentials();
        long actual = Integer.toUnsignedLong(peer.uid());
        return actual == uid ? null : "process " + peer.pid() + " has the uid " + actual + ", and only " + uid + " may connect";
    }
}
