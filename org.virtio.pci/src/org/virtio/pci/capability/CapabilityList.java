// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import static org.virtio.pci.capability.ConfigHeaderLayout.CAPABILITIES_END;
import static org.virtio.pci.capability.ConfigHeaderLayout.CAPABILITIES_POINTER;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.virtio.pci.access.Registers;
import org.virtio.spec.PciCapabilityLayout;

/** A function's list of capabilities (PCI Local Bus 3.0, section 6.7), walked with distrust: any bytes are read to an end. */
public final class CapabilityList {
    /** The two low bits of a pointer are reserved and to be masked. */
    private static final int POINTER_MASK = 0xfc;
    private static final int ID = 0;
    private static final int NEXT = 1;

    private CapabilityList() {
    }

    /** Where the bytes of configuration space come from. */
    @FunctionalInterface
    public interface Source {
        /** A byte, 0 to 255, at an offset below 256. */
        int read8(long offset) throws IOException;
    }

    /**
     * Where the capabilities with an ID are, in the order of the list.
     *
     * @throws MalformedException if the list leaves its place or comes back to where it was, with the offset
     * @throws IOException        if configuration space cannot be read
     */
    public static List<Integer> offsets(Source config, int id) throws IOException {
        List<Integer> found = new ArrayList<>();
        boolean[] seen = new boolean[CAPABILITIES_END];
        int at = first(config);
        int from = CAPABILITIES_POINTER;
        while (at != 0) {
            check(at, from, seen);
            seen[at] = true;
            if (config.read8(at + ID) == id) {
                found.add(at);
            }
            from = at + NEXT;
            at = config.read8(from) & POINTER_MASK;
        }
        return found;
    }

    private static int first(Source config) throws IOException {
        boolean any = (config.read8(ConfigHeaderLayout.STATUS) & ConfigHeaderLayout.STATUS_CAPABILITIES) != 0;
        return any ? config.read8(CAPABILITIES_POINTER) & POINTER_MASK : 0;
    }

    private static void check(int at, int from, boolean[] seen) throws MalformedException {
        if (at < ConfigHeaderLayout.SIZE) {
            throw new MalformedException("the capability pointer at " + hex(from) + " is " + hex(at)
                + ", within the header; expected " + hex(ConfigHeaderLayout.SIZE) + " to "
                + hex(CAPABILITIES_END - Integer.BYTES));
        }
        if (seen[at]) {
            throw new MalformedException("the capability pointer at " + hex(from) + " leads back to " + hex(at)
                + ": the list has no end");
        }
    }

    /**
     * The virtio capabilities, in the order of the list; those that do not fit into configuration space are left out.
     *
     * @throws IOException as {@link #offsets}
     */
    public static List<VirtioCapability> virtio(Registers config) throws IOException {
        List<VirtioCapability> capabilities = new ArrayList<>();
        for (int at : offsets(config::read8, PciCapabilityLayout.VENDOR_SPECIFIC)) {
            int length = config.read8(Math.min(at + PciCapabilityLayout.CAP_LEN, CAPABILITIES_END - 1));
            if (length >= PciCapabilityLayout.SIZE && at + length <= CAPABILITIES_END) {
                capabilities.add(VirtioCapability.read(config, at, length));
            }
        }
        return capabilities;
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
