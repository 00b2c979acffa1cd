// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

/** Slots in the order in which they were added, linked through {@link Slot#next}. */
final class SlotList {
    private Slot head;
    private Slot tail;

    boolean isEmpty() {
        return head == null;
    }

    /** The slot added last, or the one that was when the list became empty. */
    Slot last() {
        return tail;
    }

    void add(Slot slot) {
        slot.next = null;
        if (head == null) {
            head = slot;
        } else {
            tail.next = slot;
        }
        tail = slot;
    }

    /** Removes the slot added first; the list must not be empty. */
    Slot remove() {
        Slot first = head;
        head = first.next;
        return first;
    }
}
