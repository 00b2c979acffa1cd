// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import java.io.IOException;

/** Configuration space says what cannot be; the message says what and at which offset. */
public final class MalformedException extends IOException {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
        super(message);
    }
}
