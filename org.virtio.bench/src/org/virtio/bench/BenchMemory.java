// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.memory.DmaBuffer;

/** Memory of this process under an address that a device of this process knows. */
record BenchMemory(ByteBuffer bytes, long deviceAddress) implements DmaBuffer {
    private static final int ALIGNMENT = 4096;

    /** Zeroed, and aligned to a page; an aligned slice is cut at both ends. */
    BenchMemory(int size, long deviceAddress) {
        this(ByteBuffer.allocateDirect(size + 2 * ALIGNMENT).alignedSlice(ALIGNMENT).slice(0, size)
            .order(ByteOrder.LITTLE_ENDIAN), deviceAddress);
    }

    @Override
    public int size() {
        return bytes.capacity();
    }

    @Override
    public void close() {
        // Garbage collected.
    }
}
