// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/** The device reports VIRTIO_BLK_S_IOERR. */
public class BlockIoErrorException extends BlockException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public BlockIoErrorException(String message) {
        super(message);
    }
}
