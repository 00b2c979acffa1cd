// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.dma;

import java.io.IOException;
import java.nio.file.Path;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.FileValues;
import org.virtio.posix.Posix;

/**
 * Where pages of this process are in physical memory: {@code /proc/self/pagemap}, 64 bits for each page
 * (Documentation/admin-guide/mm/pagemap.rst of Linux).
 *
 * <pre>
 *  63       present
 *  62       swapped
 *  0 to 54  page frame number, if present; 0 for those who may not know it
 * </pre>
 */
final class PageMap implements AutoCloseable {
    private static final long PRESENT = 1L << 63;
    private static final long FRAME = (1L << 55) - 1;

    private final FileDescriptor file;
    private final long pageSize = Posix.pageSize();

    PageMap(Path path) throws IOException {
        file = FileDescriptor.open(path.toString(), false);
    }

    /**
     * The physical address of a range of virtual ones.
     *
     * @param address the first, at the start of a page
     * @param size    in bytes
     * @throws IOException if a page is not present, or they are not contiguous, or this process may not know
     */
    long physical(long address, long size) throws IOException {
        long first = frame(address);
        for (long offset = pageSize; offset < size; offset += pageSize) {
            long expected = first + offset / pageSize;
            long frame = frame(address + offset);
            if (frame != expected) {
                throw new IOException("memory is not physically contiguous: the page at offset 0x" + Long.toHexString(offset)
                    + " is at 0x" + Long.toHexString(frame * pageSize) + ", not at 0x" + Long.toHexString(expected * pageSize));
            }
        }
        return first * pageSize;
    }

    private long frame(long address) throws IOException {
        long entry = FileValues.read(file, Long.divideUnsigned(address, pageSize) * Long.BYTES, Long.BYTES);
        if ((entry & PRESENT) == 0) {
            throw new IOException("the page at 0x" + Long.toHexString(address) + " is not in memory");
        }
        if ((entry & FRAME) == 0) {
            throw new IOException("the kernel does not tell this process physical addresses: run it as root, or with the"
                + " capability CAP_SYS_ADMIN");
        }
        return entry & FRAME;
    }

    @Override
    public void close() {
        file.close();
    }
}
