// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/** The device failed or was detached before it completed the request. */
public class BlockDeviceGoneException extends BlockException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public BlockDeviceGoneException(String message) {
        super(message);
    }
}
