// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import static org.virtio.spec.PciCapabilityLayout.TYPE_COMMON;
import static org.virtio.spec.PciCapabilityLayout.TYPE_DEVICE;
import static org.virtio.spec.PciCapabilityLayout.TYPE_ISR;
import static org.virtio.spec.PciCapabilityLayout.TYPE_NOTIFY;
import static org.virtio.spec.PciCapabilityLayout.TYPE_PCI;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;
import org.virtio.spec.PciCapabilityLayout;
import org.virtio.spec.PciCommonConfigLayout;

/**
 * Finds a device's structures: of each type the first that can be used (VIRTIO 1.3, section 4.1.4.1), and of those for
 * notifications one in memory space before one in I/O space, which takes a system call. What cannot be used is passed over;
 * if nothing is left of a type that must be there, the reasons are told.
 */
public final class StructureFinder {
    /** Beyond this nothing is used, however much a device says that there is: of notifications 65536 pages, of all else one. */
    private static final long MAX_NOTIFY = 1L << 28;
    private static final long MAX_OTHER = 4096;
    private static final long MAX_BAR = 1L << 32;

    private final PciFunction function;
    private final boolean throughConfig;
    private final List<VirtioCapability> capabilities;
    private final List<String> reasons = new ArrayList<>();
    private final List<String> places = new ArrayList<>();
    private boolean usesIo;

    private record Found(Registers registers, VirtioCapability capability) {
    }

    private StructureFinder(PciFunction function, boolean throughConfig) throws IOException {
        this.function = function;
        this.throughConfig = throughConfig;
        this.capabilities = CapabilityList.virtio(function.config());
    }

    /**
     * Finds them.
     *
     * @param throughConfig whether to reach them through configuration space even where their base address registers could be
     * @throws VirtioException if one that must be there is missing, with what is wrong with those that are
     * @throws IOException     if the list is malformed, or configuration space cannot be read
     */
    public static VirtioStructures find(PciFunction function, boolean throughConfig) throws IOException {
        return new StructureFinder(function, throughConfig).find();
    }

    private VirtioStructures find() throws IOException {
        if (capabilities.isEmpty()) {
            throw new VirtioException("a legacy device: it has no VIRTIO 1.0 capabilities");
        }
        Found common = required(TYPE_COMMON, "common configuration", PciCommonConfigLayout.MIN_SIZE, Integer.BYTES);
        Found notify = required(TYPE_NOTIFY, "notification", Short.BYTES, Short.BYTES);
        Found isr = required(TYPE_ISR, "ISR status", Byte.BYTES, Byte.BYTES);
        Found device = first(TYPE_DEVICE, "device configuration", 1, Integer.BYTES, true);
        return new VirtioStructures(common.registers, notify.registers, notify.capability.offset(), notify.capability.extra(),
            isr.registers, device == null ? null : device.registers, usesIo, List.copyOf(places));
    }

    private Found required(int type, String name, int minLength, int alignment) throws IOException {
        reasons.clear();
        Found found = type == TYPE_NOTIFY ? first(type, name, minLength, alignment, false) : null;
        if (found == null) {
            reasons.clear();
            found = first(type, name, minLength, alignment, true);
        }
        if (found == null) {
            throw new VirtioException("no usable " + name + " structure: "
                + (reasons.isEmpty() ? "there is no capability for one" : String.join("; ", reasons)));
        }
        return found;
    }

    private Found first(int type, String name, int minLength, int alignment, boolean evenIo) throws IOException {
        for (VirtioCapability capability : capabilities) {
            if (capability.type() == type) {
                Registers registers = open(capability, minLength, alignment, evenIo);
                if (registers != null) {
                    places.add(name + ": " + capability
                        + (registers instanceof ConfigWindow ? ", through configuration space" : ""));
                    return new Found(registers, capability);
                }
            }
        }
        return null;
    }

    /** Null, and a reason, if it cannot be used. */
    private Registers open(VirtioCapability capability, int minLength, int alignment, boolean evenIo) throws IOException {
        String wrong = wrong(capability, minLength, alignment);
        if (wrong != null) {
            return unusable(capability, wrong);
        }
        Registers bar;
        boolean io;
        try {
            io = function.isIoBar(capability.bar());
            bar = function.bar(capability.bar());
        } catch (IOException e) {
            return window(capability, e.getMessage());
        }
        if (io && !evenIo) {
            return unusable(capability, "it is in I/O space");
        }
        if (capability.offset() + capability.length() > bar.size()) {
            return unusable(capability, "BAR " + capability.bar() + " has " + CapabilityList.hex(bar.size()) + " bytes");
        }
        usesIo |= io;
        return throughConfig ? window(capability, "it is to be reached through configuration space")
            : bar.slice(capability.offset(), used(capability));
    }

    /** A device may say that a structure is larger than anybody needs (section 4.1.4). */
    private static long used(VirtioCapability capability) {
        return Math.min(capability.length(), capability.type() == TYPE_NOTIFY ? MAX_NOTIFY : MAX_OTHER);
    }

    private static String wrong(VirtioCapability capability, int minLength, int alignment) {
        if (capability.bar() > PciCapabilityLayout.LAST_BAR) {
            return "BAR " + capability.bar() + " is reserved; expected 0 to " + PciCapabilityLayout.LAST_BAR;
        }
        if (capability.type() == TYPE_NOTIFY && capability.capLen() < PciCapabilityLayout.NOTIFY_SIZE) {
            return "the capability has " + capability.capLen() + " bytes; expected " + PciCapabilityLayout.NOTIFY_SIZE
                + " or more";
        }
        if (capability.length() < minLength) {
            return "expected " + minLength + " bytes or more";
        }
        if (capability.offset() + capability.length() > MAX_BAR) {
            return "it ends beyond what 32 bits can tell";
        }
        return capability.offset() % alignment == 0 ? null : "its offset is no multiple of " + alignment;
    }

    private Registers unusable(VirtioCapability capability, String why) {
        reasons.add("the capability at " + CapabilityList.hex(capability.at()) + " (" + capability + "): " + why);
        return null;
    }

    private Registers window(VirtioCapability capability, String whyNotDirect) {
        for (VirtioCapability candidate : capabilities) {
            if (candidate.type() == TYPE_PCI && candidate.capLen() >= PciCapabilityLayout.PCI_SIZE) {
                return new ConfigWindow(function.config(), candidate.at(), capability, used(capability));
            }
        }
        return unusable(capability, whyNotDirect + ", and there is no capability for access through configuration space");
    }
}
