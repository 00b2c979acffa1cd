// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

import org.virtio.device.VirtioException;

/** A block request failed; the message says which, and why. */
public class BlockException extends VirtioException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public BlockException(String message) {
        super(message);
    }
}
