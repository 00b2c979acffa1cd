// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/** The device is suspended, and as many requests wait for it as may. The request can be made again when it goes on. */
public class BlockQueueFullException extends BlockException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public BlockQueueFullException(String message) {
        super(message);
    }
}
