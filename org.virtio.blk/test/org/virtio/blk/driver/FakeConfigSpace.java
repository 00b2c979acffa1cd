// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.device.ConfigSpace;
import org.virtio.device.VirtioException;

/** The configuration of a {@link FakeDevice}; every consistent read is made to read twice. */
record FakeConfigSpace(FakeDevice device) implements ConfigSpace {
    @Override
    public int readU8(int offset) throws VirtioException {
        check();
        return device.configBytes.get(offset) & 0xff;
    }

    @Override
    public int readU16(int offset) throws VirtioException {
        check();
        return device.configBytes.getShort(offset) & 0xffff;
    }

    @Override
    public long readU32(int offset) throws VirtioException {
        check();
        return device.configBytes.getInt(offset) & 0xffff_ffffL;
    }

    @Override
    public long readU64(int offset) throws VirtioException {
        check();
        return device.configBytes.getLong(offset);
    }

    @Override
    public byte[] read(int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeU8(int offset, int value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeU16(int offset, int value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeU32(int offset, long value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeU64(int offset, long value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int generation() {
        return 0;
    }

    @Override
    public <T> T readConsistently(Reader<T> reader) throws VirtioException {
        device.configReads.incrementAndGet();
        try {
            device.configGate.await();
        } catch (InterruptedException e) {
            throw new VirtioException("interrupted", e);
        }
        reader.read(this);
        return reader.read(this);
    }

    private void check() throws VirtioException {
        VirtioException failure = device.configFailure;
        if (failure != null) {
            throw failure;
        }
    }
}
