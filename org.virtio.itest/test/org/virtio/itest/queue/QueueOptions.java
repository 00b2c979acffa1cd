// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.virtio.device.FeatureSet;
import org.virtio.spec.Feature;

/**
 * What is asked for of a queue.
 *
 * @param indirect requests of more than two buffers use an indirect table
 * @param size     the number of descriptors
 */
record QueueOptions(boolean packed, boolean indirect, boolean inOrder, boolean eventIdx, int size) {
    /** Every choice of the features in every size that the format can have. */
    static List<QueueOptions> all(int... sizes) {
        List<QueueOptions> all = new ArrayList<>();
        for (int size : sizes) {
            for (int choice = 0; choice < 16; choice++) {
                QueueOptions options = new QueueOptions((choice & 8) != 0, (choice & 4) != 0, (choice & 2) != 0,
                    (choice & 1) != 0, size);
                if (options.packed || Integer.bitCount(size) == 1 && size > 1) {
                    all.add(options);
                }
            }
        }
        return all;
    }

    /** As options of a device's address. */
    String query() {
        return "size=" + size + "&packed=" + onOff(packed) + "&indirect=" + (indirect ? "2" : "off") + "&in_order="
            + onOff(inOrder) + "&event_idx=" + onOff(eventIdx);
    }

    private static String onOff(boolean on) {
        return on ? "on" : "off";
    }

    /** Fails unless exactly these features are in force. */
    void check(FeatureSet negotiated) {
        assertThat(negotiated.contains(Feature.RING_PACKED)).as("RING_PACKED").isEqualTo(packed);
        assertThat(negotiated.contains(Feature.INDIRECT_DESC)).as("INDIRECT_DESC").isEqualTo(indirect);
        assertThat(negotiated.contains(Feature.IN_ORDER)).as("IN_ORDER").isEqualTo(inOrder);
        assertThat(negotiated.contains(Feature.EVENT_IDX)).as("EVENT_IDX").isEqualTo(eventIdx);
    }

    @Override
    public String toString() {
        return (packed ? "packed" : "split") + (indirect ? " indirect" : "") + (inOrder ? " in-order" : "")
            + (eventIdx ? " event-idx" : "") + " of " + size;
    }
}
