// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.bench;

/** Where a worker's requests go, and which of them write. Allocates nothing. */
final class Positions {
    private static final long SEED = 0x2545f4914f6cdd1dL;

    private final long size;
    private final long first;
    private final long count;
    private final boolean sequential;
    private final int readPercent;
    private long next;
    private long random;

    /** Positions of one of the threads: random ones over all of the device, sequential ones in a share of its own. */
    Positions(BenchOptions options, long capacity, int index) {
        long all = capacity / options.size();
        this.size = options.size();
        this.sequential = options.sequential();
        this.count = sequential ? all / options.threads() : all;
        this.first = sequential ? index * count : 0;
        this.readPercent = options.readPercent();
        this.random = SEED * (index + 1);
    }

    long next() {
        long slot;
        if (sequential) {
            slot = next;
            next = next + 1 == count ? 0 : next + 1;
        } else {
            slot = Math.multiplyHigh(random() >>> 1, count << 1);
        }
        return (first + slot) * size;
    }

    boolean nextIsWrite() {
        return readPercent < 100 && (random() >>> 1) % 100 >= readPercent;
    }

    private long random() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return random;
    }
}
