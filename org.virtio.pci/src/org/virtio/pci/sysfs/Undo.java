// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.util.ArrayDeque;
import java.util.Deque;

/** What has to be undone, the last first: at once when an opening fails, or when what was opened is closed. */
public final class Undo implements AutoCloseable {
    private final Deque<Runnable> steps = new ArrayDeque<>();
    private boolean kept;

    /** Adds a step, which must not throw. */
    public void add(Runnable step) {
        steps.push(step);
    }

    /** Leaves the steps to the caller, to be run once. */
    public Runnable keep() {
        kept = true;
        return () -> steps.forEach(Runnable::run);
    }

    /** Runs the steps, unless they were kept. */
    @Override
    public void close() {
        if (!kept) {
            steps.forEach(Runnable::run);
        }
    }
}
