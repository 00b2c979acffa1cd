// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import org.virtio.blk.BlockDevice;
import org.virtio.shell.CommandException;
import org.virtio.shell.Size;
import org.virtio.shell.print.Units;

/** A range of a device, checked against it, as positions and lengths that were typed. */
public record Range(long position, long length) {
    /**
     * The range of whole blocks that was typed.
     *
     * @param position null for the beginning
     * @param length   null for all that follows the position
     */
    public static Range ofBlocks(BlockDevice device, Size position, Size length) throws CommandException {
        Range range = of(device, position, length);
        block(device, "position", range.position);
        block(device, "length", range.length);
        return range;
    }

    /** As {@link #ofBlocks}, with any bytes. */
    public static Range of(BlockDevice device, Size position, Size length) throws CommandException {
        long capacity = device.capacity();
        long from = position == null ? 0 : position.bytes("position", 0, Long.MAX_VALUE);
        if (from > capacity) {
            throw new CommandException("position " + from + " is beyond the end of " + device.name() + ", " + capacity);
        }
        long bytes = length == null ? capacity - from : length.bytes("length", 0, Long.MAX_VALUE);
        if (bytes > capacity - from) {
            throw new CommandException("position " + from + " and length " + bytes + " reach beyond the end of "
                + device.name() + ", " + capacity);
        }
        return new Range(from, bytes);
    }

    /** In words, such as {@code 4 KiB of disk0 at position 8,192}. */
    String on(BlockDevice device) {
        return Units.bytes(length) + " of " + device.name() + " at position " + Units.number(position);
    }

    private static void block(BlockDevice device, String what, long value) throws CommandException {
        if (value % device.blockSize() != 0) {
            throw new CommandException(what + " " + value + " is no multiple of " + device.name() + "'s block size, "
                + device.blockSize());
        }
    }
}
