// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.device.ConfigSpace;
import org.virtio.device.VirtioException;
import org.virtio.transport.Transport;

/** The configuration space as a transport reaches it (VIRTIO 1.3, section 2.5). */
final class DeviceConfigSpace implements ConfigSpace {
    private static final int TRIES = 16;

    private final Transport transport;

    DeviceConfigSpace(SerialTransport transport) {
        this.transport = transport;
    }

    @Override
    public int readU8(int offset) throws VirtioException {
        return field(offset, Byte.BYTES).get(0) & 0xff;
    }

    @Override
    public int readU16(int offset) throws VirtioException {
        return field(offset, Short.BYTES).getShort(0) & 0xffff;
    }

    @Override
    public long readU32(int offset) throws VirtioException {
        return field(offset, Integer.BYTES).getInt(0) & 0xffff_ffffL;
    }

    @Override
    public long readU64(int offset) throws VirtioException {
        return field(offset, Long.BYTES).getLong(0);
    }

    @Override
    public byte[] read(int offset, int length) throws VirtioException {
        byte[] value = transport.readConfig(offset, length);
        if (value.length != length) {
            throw new VirtioException(length + " bytes of configuration asked for at " + offset + ", "
                + value.length + " received");
        }
        return value;
    }

    @Override
    public void writeU8(int offset, int value) throws VirtioException {
        transport.writeConfig(offset, new byte[] {(byte) value});
    }

    @Override
    public void writeU16(int offset, int value) throws VirtioException {
        transport.writeConfig(offset, littleEndian(new byte[Short.BYTES]).putShort((short) value).array());
    }

    @Override
    public void writeU32(int offset, long value) throws VirtioException {
        transport.writeConfig(offset, littleEndian(new byte[Integer.BYTES]).putInt((int) value).array());
    }

    @Override
    public void writeU64(int offset, long value) throws VirtioException {
        transport.writeConfig(offset, littleEndian(new byte[Long.BYTES]).putLong(value).array());
    }

    @Override
    public int generation() throws VirtioException {
        return transport.configGeneration();
    }

    @Override
    public <T> T readConsistently(Reader<T> reader) throws VirtioException {
        int before = generation();
        for (int i = 0; i < TRIES; i++) {
            T value = reader.read(this);
            int after = generation();
            if (after == before) {
                return value;
            }
            before = after;
        }
        throw new VirtioException("the configuration changed " + TRIES + " times while it was read");
    }

    private ByteBuffer field(int offset, int length) throws VirtioException {
        return littleEndian(read(offset, length));
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
