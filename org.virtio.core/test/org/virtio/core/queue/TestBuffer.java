// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.memory.DmaBuffer;

/** Memory of this process alone, under a made-up device address. */
final class TestBuffer implements DmaBuffer {
    private final long deviceAddress;
    private final ByteBuffer bytes;

    TestBuffer(long deviceAddress, int size) {
        this.deviceAddress = deviceAddress;
        this.bytes = ByteBuffer.allocateDirect(size + 128).alignedSlice(64).slice(0, size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public int size() {
        return bytes.capacity();
    }

    @Override
    public long deviceAddress() {
        return deviceAddress;
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public void close() {
        // Garbage collected.
    }
}
