// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

/** Addresses that are handed out from the first to the last. */
final class Window {
    private final String what;
    private final long start;
    private final long end;
    private long next;

    /**
     * Addresses of which none is handed out.
     *
     * @param what  for messages
     * @param start the first
     * @param end   the one after the last
     */
    Window(String what, long start, long end) {
        this.what = what;
        this.start = start;
        this.end = end;
        this.next = start;
    }

    /**
     * Hands some out.
     *
     * @param alignment a power of two
     * @return the first
     * @throws IllegalStateException if there are not so many left
     */
    long reserve(long size, long alignment) {
        long first = next + alignment - 1 & -alignment;
        if (first + size > end) {
            throw new IllegalStateException("no " + size + " " + what + " left of " + (end - start));
        }
        next = first + size;
        return first;
    }

    /** A part of this, handed out as a whole. */
    Window part(long size) {
        long first = reserve(size, size);
        return new Window(what, first, first + size);
    }

    /** Takes back all that was handed out. */
    void reset() {
        next = start;
    }

    boolean isEmpty() {
        return start == end;
    }

    long start() {
        return start;
    }

    long last() {
        return end - 1;
    }
}
