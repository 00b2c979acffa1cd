// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.virtio.posix.Mapping;

/** Pages of the machine's own memory, for tables that its hardware reads. Used under the IOMMU's lock. */
final class Pages {
    static final int SIZE = 4096;

    private static final int ENTRIES = SIZE / Long.BYTES;

    /** An offset in it is an address of the machine. */
    private final ByteBuffer memory;
    private final Deque<Long> free = new ArrayDeque<>();

    /** All of the memory but its first page: 0 stands for none. */
    Pages(Mapping mapping) {
        memory = mapping.buffer();
        for (long page = SIZE; page < memory.capacity(); page += SIZE) {
            free.add(page);
        }
    }

    /**
     * Takes a page, zeroed.
     *
     * @throws IllegalStateException if there is none left
     */
    long take() {
        Long page = free.poll();
        if (page == null) {
            throw new IllegalStateException("no page of the machine's memory left for tables");
        }
        for (int i = 0; i < ENTRIES; i++) {
            put(page, i, 0);
        }
        return page;
    }

    void giveBack(long page) {
        free.add(page);
    }

    long get(long page, int index) {
        return memory.getLong((int) page + index * Long.BYTES);
    }

    /** Stores 64 bits; the hardware looks after a command that is sent to QEMU later, which orders the two. */
    void put(long page, int index, long value) {
        memory.putLong((int) page + index * Long.BYTES, value);
    }
}
