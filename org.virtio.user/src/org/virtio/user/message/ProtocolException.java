// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import org.virtio.device.VirtioException;

/** The other side broke the protocol; the message says what was wrong and what was expected. */
public class ProtocolException extends VirtioException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public ProtocolException(String message) {
        super(message);
    }
}
