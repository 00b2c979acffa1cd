// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.virtio.spec.BlkRequestLayout.HEADER_SIZE;
import static org.virtio.spec.BlkRequestLayout.ID_SIZE;
import static org.virtio.spec.BlkRequestLayout.SECTOR;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_FLAGS;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_NUM_SECTORS;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_SECTOR;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_SIZE;
import static org.virtio.spec.BlkRequestLayout.TYPE;
import static org.virtio.spec.BlkRequestLayout.T_DISCARD;
import static org.virtio.spec.BlkRequestLayout.T_FLUSH;
import static org.virtio.spec.BlkRequestLayout.T_GET_ID;
import static org.virtio.spec.BlkRequestLayout.T_IN;
import static org.virtio.spec.BlkRequestLayout.T_OUT;
import static org.virtio.spec.BlkRequestLayout.T_WRITE_ZEROES;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.virtio.blk.BlockLimits;

/**
 * The device's side of block requests: a byte array, which holds every request to what the specification demands of a
 * driver (sections 5.2.6 and 5.2.6.1) and to the device's limits, and answers as a test scripts it.
 */
final class FakeDisk {
    /** What a discarded byte reads as. */
    static final byte DISCARDED = (byte) 0xdd;

    final byte[] bytes;
    final BlockLimits limits;
    /** What requests did that the specification forbids. */
    final List<String> violations = new CopyOnWriteArrayList<>();
    volatile String id = "disk";
    volatile Answer answer = (type, sector) -> 0;
    /** Added to the written length that is right. */
    volatile int writtenError;
    volatile boolean leaveStatus;
    int requests;
    int flushes;
    int unmaps;

    /** The status for a request. */
    @FunctionalInterface
    interface Answer {
        int status(int type, long sector);
    }

    FakeDisk(int capacity, BlockLimits limits) {
        this.bytes = new byte[capacity];
        this.limits = limits;
    }

    synchronized void execute(FakeChain chain) {
        requests++;
        int last = chain.count - 1;
        require(chain.readable > 0 && chain.lengths[0] == HEADER_SIZE, "a header of 16 bytes");
        require(chain.readable <= last && chain.lengths[last] == 1, "a status of 1 byte");
        ByteBuffer header = chain.buffers[0].bytes();
        int type = header.getInt(chain.offsets[0] + TYPE);
        long sector = header.getLong(chain.offsets[0] + SECTOR);
        require(header.getInt(chain.offsets[0] + 4) == 0, "reserved to be 0");
        ByteBuffer statusBytes = chain.buffers[last].bytes();
        require(statusBytes.get(chain.offsets[last]) == (byte) 0xff, "a status that is none yet");
        int status = answer.status(type, sector);
        int data = status == 0 ? perform(type, sector, chain, last) : 0;
        chain.written = data + 1 + writtenError;
        if (!leaveStatus) {
            statusBytes.put(chain.offsets[last], (byte) status);
        }
    }

    private int perform(int type, long sector, FakeChain chain, int last) {
        int length = chain.length(1, last);
        switch (type) {
            case T_IN, T_OUT -> {
                require(length % 512 == 0 && length > 0, "data in sectors");
                require(sector * 512 + length <= bytes.length, "to stay within the capacity");
                require(last - 1 <= limits.maxSegments(), "no more segments than seg_max");
                move(type, (int) sector * 512, chain, last);
                require(chain.readable == (type == T_IN ? 1 : last), "data in the right direction");
                return type == T_IN ? length : 0;
            }
            case T_FLUSH -> {
                require(sector == 0 && length == 0, "a flush without sector and data");
                flushes++;
                return 0;
            }
            case T_GET_ID -> {
                require(sector == 0 && length == ID_SIZE && chain.readable == 1, "20 bytes for the id");
                for (int i = 0; i < Math.min(ID_SIZE, id.length()); i++) {
                    chain.buffers[1].bytes().put(chain.offsets[1] + i, (byte) id.charAt(i));
                }
                return Math.min(ID_SIZE, id.length());
            }
            case T_DISCARD, T_WRITE_ZEROES -> {
                require(sector == 0 && length == SEGMENT_SIZE && chain.readable == 2, "one segment");
                range(type, chain);
                return 0;
            }
            default -> throw new AssertionError("request type " + type);
        }
    }

    private void range(int type, FakeChain chain) {
        ByteBuffer segment = chain.buffers[1].bytes();
        long sector = segment.getLong(chain.offsets[1] + SEGMENT_SECTOR);
        long count = segment.getInt(chain.offsets[1] + SEGMENT_NUM_SECTORS) & 0xffff_ffffL;
        int flags = segment.getInt(chain.offsets[1] + SEGMENT_FLAGS);
        long max = type == T_DISCARD ? limits.maxDiscardBytes() : limits.maxWriteZeroesBytes();
        require(count > 0 && count * 512 <= max, "a segment within the limit");
        require((flags & ~1) == 0 && (type == T_WRITE_ZEROES || flags == 0), "no unknown flag, none for discard");
        require((sector + count) * 512 <= bytes.length, "to stay within the capacity");
        unmaps += flags;
        Arrays.fill(bytes, (int) sector * 512, (int) (sector + count) * 512, type == T_DISCARD ? DISCARDED : 0);
    }

    private void move(int type, int position, FakeChain chain, int last) {
        int at = position;
        for (int i = 1; i < last; i++) {
            require(chain.lengths[i] <= limits.maxSegmentSize(), "no segment above size_max");
            if (type == T_IN) {
                chain.buffers[i].bytes().put(chain.offsets[i], bytes, at, chain.lengths[i]);
            } else {
                chain.buffers[i].bytes().get(chain.offsets[i], bytes, at, chain.lengths[i]);
            }
            at += chain.lengths[i];
        }
    }

    private void require(boolean condition, String what) {
        if (!condition) {
            violations.add("expected " + what);
        }
    }
}
