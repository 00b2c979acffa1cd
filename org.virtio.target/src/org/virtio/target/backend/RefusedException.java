// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import org.virtio.device.VirtioException;

/** A request that is well formed but cannot be carried out; the session goes on if the front end can be told so. */
final class RefusedException extends VirtioException {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        super(message);
    }

    RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
