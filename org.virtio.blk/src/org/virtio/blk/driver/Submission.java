// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.concurrent.CompletableFuture;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockIoErrorException;
import org.virtio.blk.BlockResult;
import org.virtio.blk.BlockUnsupportedException;

/** A request on its way to a {@link Poller}, which alone enters and completes it. */
abstract class Submission {
    /** Besides the codes of {@code QueueResult}: a part has been entered, and there is more. */
    static final int MORE = 1;

    /** Completes when the request does, exceptionally with a {@link BlockException}. */
    final CompletableFuture<Void> future = new CompletableFuture<>();

    private final String description;

    Submission(String description) {
        this.description = description;
    }

    /** Enters the request, or the next part of it: a {@code QueueResult}, or {@link #MORE}. */
    abstract int enter(Poller poller);

    /** What has not been entered never will be. */
    void refuse(BlockException why) {
        future.completeExceptionally(why);
    }

    /** The device cannot be reached. */
    final void refuseGone(String reason) {
        refuse(new BlockDeviceGoneException(description + ": " + reason));
    }

    /** The driver cannot enter it. */
    final void refuse(String reason) {
        refuse(new BlockException(description + ": " + reason));
    }

    /** Completes the future with a {@link BlockResult}. */
    final void finish(int result, Poller poller) {
        if (result == BlockResult.OK) {
            future.complete(null);
        } else {
            future.completeExceptionally(exception(result, poller));
        }
    }

    final BlockException exception(int result, Poller poller) {
        return switch (result) {
            case BlockResult.IO_ERROR -> new BlockIoErrorException(description + ": the device reports an I/O error");
            case BlockResult.UNSUPPORTED -> new BlockUnsupportedException(description + ": the device does not support it");
            case BlockResult.DEVICE_GONE -> new BlockDeviceGoneException(description + ": " + poller.failure());
            default -> new BlockException(
                description + ": the device returned no valid status, or wrote less than it had to");
        };
    }
}
