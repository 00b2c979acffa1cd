// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** A call that another thread makes and that is blocked in the C library, so that a test can end it. */
final class BlockedCall {
    private BlockedCall() {
    }

    /** Returns when the action is inside the named function. */
    static <T> CompletableFuture<T> start(String function, Callable<T> action) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(action.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        while (!result.isDone() && !isInside(thread, function)) {
            Thread.onSpinWait();
        }
        return result;
    }

    private static boolean isInside(Thread thread, String function) {
        return Arrays.stream(thread.getStackTrace()).map(StackTraceElement::getMethodName).anyMatch(function::equals);
    }
}
