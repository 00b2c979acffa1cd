// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.virtio.spec.BlkRequestLayout.ID_SIZE;

import java.nio.charset.StandardCharsets;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockResult;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;

/**
 * A request for the device's ID string. Not a kind of {@link Submission}: a third, however rare, would keep the poller's call
 * of the other two from being inlined.
 */
final class IdRequest implements BlockCallback {
    private final DirectSubmission submission;
    private DmaBuffer buffer;
    private String id;

    IdRequest(String description) {
        submission = new DirectSubmission(description, this::enter);
    }

    /** What a poller is to enter. */
    DirectSubmission submission() {
        return submission;
    }

    /** The ID string; to be read after the future has completed. */
    String id() {
        return id;
    }

    private int enter(RequestEngine engine, BlockCallback callback, Object context) {
        Poller poller = (Poller) context;
        DmaBuffer taken = poller.bounce().take(ID_SIZE);
        if (taken == null) {
            return QueueResult.FULL;
        }
        // The device need not write behind the end of its string.
        taken.bytes().put(0, new byte[ID_SIZE]);
        int entered = engine.id(taken, 0, this, poller);
        if (entered == QueueResult.OK) {
            buffer = taken;
        } else {
            poller.bounce().give(taken);
        }
        return entered;
    }

    @Override
    public void completed(Object context, int result) {
        Poller poller = (Poller) context;
        if (result != BlockResult.DEVICE_GONE) {
            byte[] bytes = new byte[ID_SIZE];
            buffer.bytes().get(0, bytes);
            id = parse(bytes);
        }
        poller.bounce().give(buffer);
        buffer = null;
        submission.completed(poller, result);
    }

    private static String parse(byte[] bytes) {
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }
}
