// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;

/** A virtio-blk device driven by hand, with one request at a time in a split ring: no more than a test of the rig needs. */
final class RawDisk {
    static final int SECTOR = 512;
    /** For {@link #start}: without MSI-X. */
    static final int NO_VECTOR = 0xffff;

    private static final int CONFIG_VECTOR = 16;
    private static final int STATUS = 20;
    private static final int QUEUE_SELECT = 22;
    private static final int QUEUE_SIZE = 24;
    private static final int QUEUE_VECTOR = 26;
    private static final int QUEUE_ENABLE = 28;
    private static final int QUEUE_ADDRESSES = 32;
    private static final int ACKNOWLEDGE_DRIVER = 3;
    private static final int FEATURES_OK = 8;
    private static final int DRIVER_OK = 4;
    private static final int RING_SIZE = 8;
    private static final int AVAILABLE = 0x1000;
    private static final int USED = 0x2000;
    private static final int HEADER = 0x3000;
    private static final int RESULT = 0x3800;
    private static final int DATA = 0x4000;
    private static final int NEXT = 1;
    private static final int WRITABLE = 2;
    private static final long VERSION_1 = 1L << 32;

    private final ByteBuffer memory;
    private final long base;
    private final Registers common;
    private final Registers isr;
    private final Registers notify;
    private int requests;

    /**
     * A device that is not used yet.
     *
     * @param memory at least 20 KiB
     * @param base   where the device finds it
     */
    RawDisk(PciFunction function, ByteBuffer memory, long base) throws IOException {
        this.memory = memory;
        this.base = base;
        function.config().write16(PciLayout.COMMAND, PciLayout.COMMAND_ALL);
        common = VirtioStructure.of(function, VirtioStructure.COMMON).registers(function);
        isr = VirtioStructure.of(function, VirtioStructure.ISR).registers(function);
        // Queue 0's offset is 0.
        notify = VirtioStructure.of(function, VirtioStructure.NOTIFY).registers(function);
    }

    /**
     * Starts it, with its first queue.
     *
     * @param features further ones that are accepted
     */
    void start(long features, int configVector, int queueVector) throws IOException {
        status(0);
        status(ACKNOWLEDGE_DRIVER);
        accept(features | VERSION_1);
        status(ACKNOWLEDGE_DRIVER | FEATURES_OK);
        common.write16(CONFIG_VECTOR, configVector);
        common.write16(QUEUE_SELECT, 0);
        common.write16(QUEUE_SIZE, RING_SIZE);
        common.write16(QUEUE_VECTOR, queueVector);
        int[] areas = {0, AVAILABLE, USED};
        for (int i = 0; i < areas.length; i++) {
            common.write32(QUEUE_ADDRESSES + i * Long.BYTES, (int) (base + areas[i]));
            common.write32(QUEUE_ADDRESSES + i * Long.BYTES + Integer.BYTES, (int) (base + areas[i] >>> Integer.SIZE));
        }
        common.write16(QUEUE_ENABLE, 1);
        status(ACKNOWLEDGE_DRIVER | FEATURES_OK | DRIVER_OK);
    }

    private void accept(long features) throws IOException {
        for (int half = 0; half < 2; half++) {
            common.write32(8, half);
            common.write32(12, (int) (features >>> half * Integer.SIZE));
        }
    }

    void status(int status) throws IOException {
        common.write8(STATUS, status);
    }

    int status() throws IOException {
        return common.read8(STATUS);
    }

    /** Reads the ISR, which lowers an INTx interrupt. */
    int isr() throws IOException {
        return isr.read8(0);
    }

    /** Has a sector read. */
    void requestRead(long sector) throws IOException {
        requestRead(sector, base + DATA);
    }

    /** Has a sector read to somewhere else: an address as the device knows it. */
    void requestRead(long sector, long address) throws IOException {
        memory.putLong(HEADER, 0).putLong(HEADER + Long.BYTES, sector).put(RESULT, (byte) -1);
        descriptor(0, base + HEADER, 16, NEXT);
        descriptor(1, address, SECTOR, NEXT | WRITABLE);
        descriptor(2, base + RESULT, 1, WRITABLE);
        memory.putShort(AVAILABLE + 4 + requests % RING_SIZE * Short.BYTES, (short) 0);
        requests++;
        VarHandle.releaseFence();
        memory.putShort(AVAILABLE + 2, (short) requests);
        notify.write16(0, 0);
    }

    private void descriptor(int index, long address, int length, int flags) {
        memory.putLong(index * 16, address).putInt(index * 16 + 8, length)
            .putShort(index * 16 + 12, (short) flags).putShort(index * 16 + 14, (short) (index + 1));
    }

    /** Whether all requests were used. */
    boolean isUsed() {
        boolean used = memory.getShort(USED + 2) == (short) requests;
        VarHandle.acquireFence();
        return used;
    }

    /** The result of the last request: 0 for a success. */
    int result() {
        return memory.get(RESULT);
    }

    /** What was read last. */
    byte[] data() {
        byte[] data = new byte[SECTOR];
        memory.get(DATA, data);
        return data;
    }
}
