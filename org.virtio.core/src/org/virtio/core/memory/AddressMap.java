// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import java.util.Arrays;

/**
 * By which addresses a device knows memory of this process, as long as one transport lasts: the next may know the same memory by
 * others. Any thread may ask; one at a time may add.
 */
public final class AddressMap {
    private record Range(long address, long size, long deviceAddress) {
    }

    /** Those alone that the device knows by other addresses than this process. */
    private volatile Range[] ranges = {};

    /** Adds {@code size} bytes from {@code address} on. */
    public void add(long address, long size, long deviceAddress) {
        if (address == deviceAddress) {
            return;
        }
        Range[] before = ranges;
        Range[] after = Arrays.copyOf(before, before.length + 1);
        after[before.length] = new Range(address, size, deviceAddress);
        ranges = after;
    }

    /** The device's address of what this process has at {@code address}. */
    public long toDevice(long address) {
        for (Range range : ranges) {
            long offset = address - range.address();
            if (offset >= 0 && offset < range.size()) {
                return range.deviceAddress() + offset;
            }
        }
        return address;
    }
}
