// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/** The device reports VIRTIO_BLK_S_UNSUPP, or does not offer the request's feature. */
public class BlockUnsupportedException extends BlockException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public BlockUnsupportedException(String message) {
        super(message);
    }
}
