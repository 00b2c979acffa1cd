// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;
import org.virtio.device.VirtioException;

/** Creates and deletes targets: a service. Targets end with the bundle. Thread-safe. */
@ProviderType
public interface TargetManager {
    /**
     * Starts to serve a disk on a UNIX socket that only the user's own processes can connect to (mode 0600); where the
     * options have a user id, a process of another is disconnected before it is heard, and a line of the log says whose it was.
     *
     * @return the target as {@link #list()} shows it
     * @throws IllegalArgumentException if an option is out of range; the message has the value and the range
     * @throws VirtioException          if the socket or the file cannot be opened, or a target has the path already
     */
    TargetDTO create(TargetOptions options) throws VirtioException;

    /**
     * Disconnects the target's front ends, closes it and removes its socket.
     *
     * @throws VirtioException if there is none on that path; the message lists those that are there
     */
    void delete(String path) throws VirtioException;

    /**
     * Makes a target's disk larger and tells its front end that the configuration has changed.
     *
     * @param newSize bytes, a multiple of the block size, not below the present size
     * @return the target as {@link #list()} shows it
     * @throws IllegalArgumentException if the size is out of range; the message has both sizes
     * @throws VirtioException          if there is none on that path, or its disk cannot grow
     */
    TargetDTO resize(String path, long newSize) throws VirtioException;

    /** All targets, by path. */
    List<TargetDTO> list();
}
