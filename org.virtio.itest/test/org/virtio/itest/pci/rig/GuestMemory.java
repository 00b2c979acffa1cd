// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.BitSet;
import java.util.Map;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.Posix;

/**
 * Memory of this process that is memory of the machine too: each region is a memory module that is plugged in, and later
 * pulled out again. An operating system would have to let go of it first and say so by the chipset's registers for that,
 * which this does in its place (QEMU's documentation: docs/specs/acpi_mem_hotplug.txt). Thread-safe.
 *
 * <p>Addresses are not used again, so that an access after a module was pulled out reaches nothing. QEMU opens the file when
 * the module is plugged in, by this process's descriptor, which is open then: no number that was used again can be mistaken.
 */
final class GuestMemory {
    /** How many modules can be plugged in at a time: the most that QEMU allows. */
    static final int MODULES = 256;
    /** Where the machine's addresses end. */
    static final String END = "512G";

    private static final long GIB = 1L << 30;
    private static final long START = 4 * GIB;
    private static final long LAST = 500 * GIB;
    /** So that huge pages fit. */
    private static final long ALIGNMENT = 2 << 20;

    private static final int SELECTOR_PORT = 0xa00;
    private static final int CONTROL_PORT = 0xa14;
    private static final int EJECT = 8;

    private final QtestSocket qtest;
    private final Monitor monitor;
    private final Window addresses = new Window("bytes for memory modules", START, LAST);
    private final BitSet slots = new BitSet();
    private int made;

    /**
     * A memory module.
     *
     * @param id      by which QEMU knows it
     * @param slot    it is plugged into
     * @param address of the region's first byte in the machine
     */
    record Module(String id, int slot, long address) {
        private String file() {
            return id + "-file";
        }
    }

    GuestMemory(QtestSocket qtest, Monitor monitor) {
        this.qtest = qtest;
        this.monitor = monitor;
    }

    /** Makes a region memory of the machine. */
    synchronized Module plug(MemoryRegion region) throws IOException {
        int slot = slots.nextClearBit(0);
        if (slot == MODULES) {
            throw new IOException("the machine has no slot left for a memory module; it has " + MODULES);
        }
        long size = region.fileOffset() + region.size();
        long first = addresses.reserve(size, ALIGNMENT);
        Module module = new Module("region" + ++made, slot, first + region.fileOffset());
        monitor.execute("object-add", Map.of("qom-type", "memory-backend-file", "id", module.file(), "size", size,
            "mem-path", path(region.fd()), "share", true));
        try {
            monitor.execute("device_add", Map.of("driver", "pc-dimm", "id", module.id(), "memdev", module.file(),
                "slot", slot, "addr", first));
        } catch (IOException e) {
            monitor.execute("object-del", Map.of("id", module.file()));
            throw e;
        }
        slots.set(slot);
        return module;
    }

    /** Where QEMU finds a file that this process has open. */
    static String path(int fd) {
        return "/proc/" + Posix.pid() + "/fd/" + fd;
    }

    /** Takes a region away from the machine. */
    synchronized void pull(Module module) throws IOException {
        monitor.execute("device_del", Map.of("id", module.id()));
        qtest.write("outl", SELECTOR_PORT, module.slot());
        qtest.write("outb", CONTROL_PORT, EJECT);
        monitor.awaitDeleted(module.id());
        monitor.execute("object-del", Map.of("id", module.file()));
        slots.clear(module.slot());
    }
}
