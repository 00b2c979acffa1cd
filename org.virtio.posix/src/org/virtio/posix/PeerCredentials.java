// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

/**
 * Who was at the other end when the connection was made: unix(7), SO_PEERCRED.
 *
 * @param pid process id; 0 if it is in a process namespace that this process cannot see
 * @param uid effective user id
 * @param gid effective group id
 */
public record PeerCredentials(int pid, int uid, int gid) {
}
