// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockException;
import org.virtio.itest.support.Await;

/** Writes that follow one another, 32 at a time, until the first fails. */
public final class Load {
    private static final int DEPTH = 32;

    private final BlockDevice device;
    private final AtomicInteger done = new AtomicInteger();
    private final CompletableFuture<?> end;

    /** Begins. */
    public Load(BlockDevice device) {
        this.device = device;
        CompletableFuture<?>[] chains = new CompletableFuture<?>[DEPTH];
        for (int i = 0; i < DEPTH; i++) {
            chains[i] = next(i * 4096L);
        }
        this.end = CompletableFuture.allOf(chains);
    }

    private CompletableFuture<Void> next(long position) {
        // On another thread than the driver's, which must not be held up by what is done here.
        return device.writeAsync(position, ByteBuffer.allocate(4096)).thenComposeAsync(written -> {
            done.incrementAndGet();
            return next(position);
        });
    }

    /** Waits until a good number of writes have been done. */
    public void awaitProgress() {
        int seen = done.get();
        Await.until("writes are done", () -> done.get() > seen + 4 * DEPTH);
    }

    /** Waits until each of the chains has ended with a reason. */
    public void awaitEnd() throws Exception {
        try {
            end.handle((result, failure) -> {
                assertThat(failure).isInstanceOf(CompletionException.class).hasCauseInstanceOf(BlockException.class);
                return null;
            }).get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
        } finally {
            assertThat(end).isDone();
        }
    }
}
