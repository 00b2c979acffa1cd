// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.bench;

import org.virtio.blk.BlockDevice;
import org.virtio.shell.CommandException;

/**
 * What to measure.
 *
 * @param depth       requests in flight per thread
 * @param size        bytes per request
 * @param readPercent requests that read, of 100; the others write
 * @param threads     threads, each with a queue of its own
 * @param nanos       how long to measure
 * @param warmUpNanos how long to run before that
 * @param sequential  whether each thread goes through its share in order; else positions are random
 * @param sleeping    whether an idle thread may sleep; else it polls
 */
public record BenchOptions(int depth, int size, int readPercent, int threads, long nanos, long warmUpNanos,
                           boolean sequential, boolean sleeping) {
    private static final long MAX_WARM_UP_NANOS = 1_000_000_000;
    private static final long MAX_MEMORY = 1 << 30;

    /** Random or sequential requests by polling threads, after a warm-up of a quarter of the time, at most a second. */
    public static BenchOptions of(int depth, int size, int readPercent, int threads, long nanos, boolean sequential,
            boolean sleeping) {
        return new BenchOptions(depth, size, readPercent, threads, nanos, Math.min(nanos / 4, MAX_WARM_UP_NANOS), sequential,
            sleeping);
    }

    /** Refuses what the device cannot do. */
    void check(BlockDevice device) throws CommandException {
        if (size % device.blockSize() != 0) {
            throw new CommandException("--size " + size + " is no multiple of " + device.name() + "'s block size, "
                + device.blockSize());
        }
        if ((long) depth * size > MAX_MEMORY) {
            throw new CommandException("--depth " + depth + " with --size " + size + " is " + (long) depth * size
                + " bytes in flight; expected at most " + MAX_MEMORY);
        }
        if (size > device.capacity() / threads) {
            throw new CommandException("--size " + size + " does not fit into each of " + threads + " shares of "
                + device.name() + ", which has " + device.capacity() + " bytes");
        }
        if (readPercent < 100 && device.isReadOnly()) {
            throw new CommandException("--read-percent " + readPercent + " would write, and " + device.name() + " is read-only");
        }
        if (threads > device.queueCount()) {
            throw new CommandException("--threads " + threads + " is more than " + device.name() + " has queues, "
                + device.queueCount());
        }
    }
}
