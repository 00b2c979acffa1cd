// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.device.VirtioException;

/** A device cannot have the name that it was to have, as long as another has it. */
public final class NameTakenException extends VirtioException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception. */
    public NameTakenException(String name) {
        super("the device name '" + name + "' is taken");
    }
}
