// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.Registers;

/** The device-specific configuration structure (VIRTIO 1.3, section 4.1.4.6). */
final class DeviceRegisters {
    private final Registers registers;

    /** Null for a device without one. */
    DeviceRegisters(Registers registers) {
        this.registers = registers;
    }

    /** Reads a field in its own width (section 4.1.3.1); what has no field's length and place, byte by byte. */
    byte[] read(int offset, int length) throws IOException {
        check(offset, length);
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        int width = width(offset, length);
        while (bytes.hasRemaining()) {
            int at = offset + bytes.position();
            switch (width) {
                case Integer.BYTES -> bytes.putInt(registers.read32(at));
                case Short.BYTES -> bytes.putShort((short) registers.read16(at));
                default -> bytes.put((byte) registers.read8(at));
            }
        }
        return bytes.array();
    }

    /** Writes a field as {@link #read} reads it. */
    void write(int offset, byte[] value) throws IOException {
        check(offset, value.length);
        ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        int width = width(offset, value.length);
        while (bytes.hasRemaining()) {
            int at = offset + bytes.position();
            switch (width) {
                case Integer.BYTES -> registers.write32(at, bytes.getInt());
                case Short.BYTES -> registers.write16(at, bytes.getShort());
                default -> registers.write8(at, bytes.get());
            }
        }
    }

    private static int width(int offset, int length) {
        if ((length == Integer.BYTES || length == Long.BYTES) && offset % Integer.BYTES == 0) {
            return Integer.BYTES;
        }
        return length == Short.BYTES && offset % Short.BYTES == 0 ? Short.BYTES : Byte.BYTES;
    }

    private void check(int offset, int length) throws VirtioException {
        long size = registers == null ? 0 : registers.size();
        if (offset < 0 || length < 1 || offset > size - length) {
            throw new VirtioException("the device has no configuration at offset " + offset + ", length " + length
                + ": there are " + size + " bytes");
        }
    }
}
