// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import java.io.IOException;

/** Something failed on the control path of a device, its transport or its driver; the message says what and why. */
public class VirtioException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public VirtioException(String message) {
        super(message);
    }

    /** Creates the exception with its reason and what caused it. */
    public VirtioException(String message, Throwable cause) {
        super(message, cause);
    }
}
