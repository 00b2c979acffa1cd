// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.virtio.pci.access.FileRegisters;
import org.virtio.pci.access.MappedRegisters;
import org.virtio.pci.access.Registers;
import org.virtio.posix.Mapping;
import org.virtio.posix.PosixException;

/** A function's registers: mapped where VFIO allows that, else by reads and writes. Used by one thread at a time. */
final class VfioRegions implements AutoCloseable {
    private static final int BARS = 6;
    /** As much as a buffer can have, in a power of two; what virtio devices have of greater memory is not registers. */
    private static final long LARGEST_MAPPING = 1L << 30;

    private final VfioDevice device;
    private final Registers config;
    private final Map<Integer, Registers> bars = new TreeMap<>();

    VfioRegions(VfioDevice device) throws IOException {
        this.device = device;
        VfioDevice.Region region = device.region(VfioDevice.CONFIG_REGION);
        this.config = new FileRegisters(device.fd(), region.offset(), region.size());
    }

    Registers config() {
        return config;
    }

    Registers bar(int index) throws IOException {
        Registers known = bars.get(index);
        if (known != null) {
            return known;
        }
        VfioDevice.Region region = device.region(VfioDevice.BAR0_REGION + Objects.checkIndex(index, BARS));
        if (region.size() == 0) {
            throw new IOException("the function has nothing behind base address register " + index);
        }
        Registers opened = open(region);
        bars.put(index, opened);
        return opened;
    }

    private Registers open(VfioDevice.Region region) {
        if (region.mappable()) {
            try {
                long size = Math.min(region.size(), LARGEST_MAPPING);
                return new MappedRegisters(Mapping.map(device.fd(), region.offset(), size, true));
            } catch (PosixException onlyPartly) {
                // Kernels before 4.16 do not let the table of MSI-X be mapped, nor what is on its page.
                return new FileRegisters(device.fd(), region.offset(), region.size());
            }
        }
        return new FileRegisters(device.fd(), region.offset(), region.size());
    }

    @Override
    public void close() {
        for (Registers registers : bars.values()) {
            if (registers instanceof MappedRegisters mapped) {
                mapped.close();
            }
        }
    }
}
