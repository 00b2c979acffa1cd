// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory through which a number goes to the kernel or comes from there. A slot is had for the time of one system call, so
 * that none has to be allocated, and none stays with a thread. There are more slots than threads that can be in such a call
 * at once; should they not suffice, a thread spins for one.
 */
final class ValueSlots {
    private static final int SIZE = Long.BYTES;
    private static final ByteBuffer MEMORY = LibC.allocate(Long.SIZE * SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private static final long ADDRESS = LibC.address(MEMORY);
    /** A bit for each slot that is free. */
    private static final AtomicLong FREE = new AtomicLong(-1);

    private ValueSlots() {
    }

    static int take() {
        while (true) {
            long free = FREE.get();
            long slot = Long.lowestOneBit(free);
            if (slot != 0 && FREE.compareAndSet(free, free ^ slot)) {
                return Long.numberOfTrailingZeros(slot);
            }
            Thread.onSpinWait();
        }
    }

    static void give(int slot) {
        FREE.getAndAdd(1L << slot);
    }

    static long address(int slot) {
        return ADDRESS + (long) slot * SIZE;
    }

    static long get(int slot, int width) {
        int index = slot * SIZE;
        return switch (width) {
            case Byte.BYTES -> MEMORY.get(index) & 0xffL;
            case Short.BYTES -> MEMORY.getShort(index) & 0xffffL;
            case Integer.BYTES -> MEMORY.getInt(index) & 0xffff_ffffL;
            default -> MEMORY.getLong(index);
        };
    }

    static void put(int slot, int width, long value) {
        int index = slot * SIZE;
        switch (width) {
            case Byte.BYTES -> MEMORY.put(index, (byte) value);
            case Short.BYTES -> MEMORY.putShort(index, (short) value);
            case Integer.BYTES -> MEMORY.putInt(index, (int) value);
            default -> MEMORY.putLong(index, value);
        }
    }
}
