// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.BlkConfigLayout.SECTOR_SIZE;
import static org.virtio.spec.BlkRequestLayout.HEADER_SIZE;
import static org.virtio.spec.BlkRequestLayout.ID_SIZE;
import static org.virtio.spec.BlkRequestLayout.SECTOR;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_FLAG_UNMAP;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_NUM_SECTORS;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_SECTOR;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_SIZE;
import static org.virtio.spec.BlkRequestLayout.STATUS_SIZE;
import static org.virtio.spec.BlkRequestLayout.S_IOERR;
import static org.virtio.spec.BlkRequestLayout.S_OK;
import static org.virtio.spec.BlkRequestLayout.S_UNSUPP;
import static org.virtio.spec.BlkRequestLayout.TYPE;
import static org.virtio.spec.BlkRequestLayout.T_DISCARD;
import static org.virtio.spec.BlkRequestLayout.T_FLUSH;
import static org.virtio.spec.BlkRequestLayout.T_GET_ID;
import static org.virtio.spec.BlkRequestLayout.T_IN;
import static org.virtio.spec.BlkRequestLayout.T_OUT;
import static org.virtio.spec.BlkRequestLayout.T_WRITE_ZEROES;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.target.disk.Disk;

/**
 * Executes block requests (VIRTIO 1.3, section 5.2.6) for one queue. A request that cannot be fulfilled has a status that
 * says so; a chain that is no request at all breaks its queue. Used by one thread at a time.
 */
final class BlockRequests {
    private static final Logger LOG = LoggerFactory.getLogger(BlockRequests.class);

    private final BlockDevice device;
    private final Disk disk;
    private final long[] sectors = new long[BlockDevice.MAX_SEGMENTS];
    private final long[] lengths = new long[BlockDevice.MAX_SEGMENTS];
    /** Bytes written to the writable part of the request that is being executed, before its status. */
    private long written;
    private boolean diskFailed;

    BlockRequests(BlockDevice device) {
        this.device = device;
        this.disk = device.disk();
    }

    /** Checks that a chain has a request's header and status. */
    static void check(Chain chain) throws QueueException {
        if (chain.readableBytes() < HEADER_SIZE) {
            throw new QueueException("chain " + chain.head() + " has a header of " + chain.readableBytes() + " bytes, not "
                + HEADER_SIZE);
        }
        if (chain.writableBytes() < STATUS_SIZE) {
            throw new QueueException("chain " + chain.head() + " has no room for a status");
        }
    }

    /**
     * Executes a request that was checked, and stores its status.
     *
     * @return the bytes that were written without a gap from the start of the writable part, as an unsigned int
     */
    int execute(Chain chain) {
        written = 0;
        int status;
        try {
            status = dispatch(chain);
        } catch (IOException e) {
            logOnce(e);
            status = S_IOERR;
        }
        return complete(chain, status);
    }

    /** Stores a status for a request that was checked, whatever it asked for. */
    int complete(Chain chain, int status) {
        chain.putLast((byte) status);
        long data = chain.writableBytes() - STATUS_SIZE;
        return (int) (written == data ? data + STATUS_SIZE : written);
    }

    /** Stores a status instead of executing. */
    int refuse(Chain chain, int status) {
        written = 0;
        return complete(chain, status);
    }

    private int dispatch(Chain chain) throws IOException {
        return switch ((int) chain.readableLong(TYPE)) {
            case T_IN -> read(chain);
            case T_OUT -> write(chain);
            case T_FLUSH -> flush();
            case T_GET_ID -> getId(chain);
            case T_DISCARD -> segments(chain, true);
            case T_WRITE_ZEROES -> segments(chain, false);
            default -> S_UNSUPP;
        };
    }

    private int read(Chain chain) throws IOException {
        long left = chain.writableBytes() - STATUS_SIZE;
        long sector = chain.readableLong(SECTOR);
        if (outside(sector, left)) {
            return S_IOERR;
        }
        long position = sector * SECTOR_SIZE;
        for (int piece = chain.firstWritable(); left > 0; piece++) {
            int length = (int) Math.min(left, chain.length(piece));
            disk.read(position, chain.buffer(piece), chain.offset(piece), length);
            position += length;
            written += length;
            left -= length;
        }
        return S_OK;
    }

    private int write(Chain chain) throws IOException {
        long left = chain.readableBytes() - HEADER_SIZE;
        long sector = chain.readableLong(SECTOR);
        if (device.readOnly() || outside(sector, left)) {
            return S_IOERR;
        }
        long position = sector * SECTOR_SIZE;
        int skip = HEADER_SIZE;
        for (int piece = 0; left > 0; piece++) {
            int skipped = Math.min(skip, chain.length(piece));
            int length = (int) Math.min(left, chain.length(piece) - skipped);
            if (length > 0) {
                disk.write(position, chain.buffer(piece), chain.offset(piece) + skipped, length);
            }
            skip -= skipped;
            position += length;
            left -= length;
        }
        stabilise();
        return S_OK;
    }

    private int flush() throws IOException {
        disk.flush();
        return S_OK;
    }

    private int getId(Chain chain) {
        long left = Math.min(ID_SIZE, chain.writableBytes() - STATUS_SIZE);
        for (int piece = chain.firstWritable(); written < left; piece++) {
            for (int i = 0; i < chain.length(piece) && written < left; i++) {
                chain.buffer(piece).put(chain.offset(piece) + i, device.id((int) written));
                written++;
            }
        }
        return S_OK;
    }

    /** All segments are checked before any is executed, from one copy: the driver can write them meanwhile. */
    private int segments(Chain chain, boolean discard) throws IOException {
        long bytes = chain.readableBytes() - HEADER_SIZE;
        if (bytes == 0 || bytes % SEGMENT_SIZE != 0 || bytes / SEGMENT_SIZE > BlockDevice.MAX_SEGMENTS || device.readOnly()) {
            return S_IOERR;
        }
        int count = (int) bytes / SEGMENT_SIZE;
        for (int i = 0; i < count; i++) {
            long start = HEADER_SIZE + (long) i * SEGMENT_SIZE;
            sectors[i] = chain.readableLong(start + SEGMENT_SECTOR);
            long rest = chain.readableLong(start + SEGMENT_NUM_SECTORS);
            int flags = (int) (rest >>> Integer.SIZE);
            if ((flags & ~(discard ? 0 : SEGMENT_FLAG_UNMAP)) != 0) {
                return S_UNSUPP;
            }
            long numSectors = rest & 0xffff_ffffL;
            lengths[i] = numSectors * SECTOR_SIZE;
            if (numSectors > BlockDevice.MAX_SEGMENT_SECTORS || outside(sectors[i], lengths[i])) {
                return S_IOERR;
            }
        }
        for (int i = 0; i < count; i++) {
            if (discard) {
                disk.discard(sectors[i] * SECTOR_SIZE, lengths[i]);
            } else {
                disk.writeZeroes(sectors[i] * SECTOR_SIZE, lengths[i]);
            }
        }
        stabilise();
        return S_OK;
    }

    private void stabilise() throws IOException {
        if (device.writethrough()) {
            disk.flush();
        }
    }

    /** Whether a range is not within the disk, or not in whole blocks. The sector is unsigned. */
    private boolean outside(long sector, long bytes) {
        long capacity = disk.size() / SECTOR_SIZE;
        return Long.compareUnsigned(sector, capacity) > 0
            || bytes > (capacity - sector) * SECTOR_SIZE
            || ((sector * SECTOR_SIZE | bytes) & device.blockSize() - 1) != 0;
    }

    private void logOnce(IOException e) {
        if (!diskFailed) {
            diskFailed = true;
            LOG.warn("The disk has failed, and requests have status IOERR. This is said once for each queue.", e);
        }
    }
}
