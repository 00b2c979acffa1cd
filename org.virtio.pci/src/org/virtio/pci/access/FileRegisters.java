// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import java.io.IOException;
import java.util.Objects;
import org.virtio.posix.Errno;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.FileValues;
import org.virtio.posix.PosixException;

/**
 * Registers behind a file, each access being one pread(2) or pwrite(2) of its width: configuration space, I/O ports, and
 * what cannot be mapped. They allocate nothing; a system call is ordered after the stores before it.
 *
 * <p>The file is not theirs: who opened it closes it. From then on accesses throw.
 */
public final class FileRegisters implements Registers {
    private static final long ALL_ONES = -1;

    private final FileDescriptor file;
    private final long start;
    private final long size;

    /**
     * Registers from some place of a file on.
     *
     * @param start in bytes
     * @param size  in bytes
     */
    public FileRegisters(FileDescriptor file, long start, long size) {
        this.file = file;
        this.start = start;
        this.size = size;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int read8(long offset) throws IOException {
        return (int) read(offset, Byte.BYTES) & 0xff;
    }

    @Override
    public int read16(long offset) throws IOException {
        return (int) read(offset, Short.BYTES) & 0xffff;
    }

    @Override
    public int read32(long offset) throws IOException {
        return (int) read(offset, Integer.BYTES);
    }

    @Override
    public void write8(long offset, int value) throws IOException {
        write(offset, Byte.BYTES, value);
    }

    @Override
    public void write16(long offset, int value) throws IOException {
        write(offset, Short.BYTES, value);
    }

    @Override
    public void write32(long offset, int value) throws IOException {
        write(offset, Integer.BYTES, value);
    }

    private long read(long offset, int width) throws IOException {
        long place = place(offset, width);
        try {
            return FileValues.read(file, place, width);
        } catch (PosixException e) {
            checkRemoved(e);
            return ALL_ONES;
        }
    }

    private void write(long offset, int width, int value) throws IOException {
        long place = place(offset, width);
        try {
            FileValues.write(file, place, width, value);
        } catch (PosixException e) {
            checkRemoved(e);
        }
    }

    private long place(long offset, int width) {
        return start + Objects.checkFromIndexSize(offset, width, size);
    }

    /** A file of sysfs says that its function was removed; what is mapped cannot, and so neither does this. */
    private static void checkRemoved(PosixException e) throws PosixException {
        if (e.errno() != Errno.ENODEV) {
            throw e;
        }
    }
}
