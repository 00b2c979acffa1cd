// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

/**
 * A line of a function's file {@code resource}: three numbers, where a base address register points to, and to what.
 *
 * @param start the first address on the bus
 * @param end   the last one
 * @param flags of linux/ioport.h; 0 if there is nothing
 */
record SysfsResource(long start, long end, long flags) {
    /** IORESOURCE_IO. */
    private static final long IO = 0x100;
    /** IORESOURCE_MEM. */
    private static final long MEMORY = 0x200;
    private static final int FIELDS = 3;
    private static final int HEX = 16;

    /** Parses a line such as {@code 0x00000000febd4000 0x00000000febd7fff 0x000000000014220c}. */
    static SysfsResource parse(String line) {
        String[] fields = line.strip().split("\\s+");
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException("'" + line + "' has " + fields.length
                + " fields; expected start, end and flags");
        }
        return new SysfsResource(number(fields[0]), number(fields[1]), number(fields[2]));
    }

    private static long number(String field) {
        if (!field.startsWith("0x")) {
            throw new NumberFormatException("'" + field + "'; expected 0x and a hexadecimal number");
        }
        return Long.parseUnsignedLong(field.substring(2), HEX);
    }

    boolean isIo() {
        return (flags & IO) != 0;
    }

    boolean isMemory() {
        return (flags & MEMORY) != 0;
    }

    /** In bytes. */
    long size() {
        return flags == 0 ? 0 : end - start + 1;
    }
}
