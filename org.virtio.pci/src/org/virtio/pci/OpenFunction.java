// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.virtio.pci.capability.ConfigHeaderLayout.COMMAND_BUS_MASTER;
import static org.virtio.pci.capability.ConfigHeaderLayout.COMMAND_IO;
import static org.virtio.pci.capability.ConfigHeaderLayout.COMMAND_MEMORY;
import static org.virtio.pci.capability.ConfigHeaderLayout.DEVICE_ID;
import static org.virtio.pci.capability.ConfigHeaderLayout.NO_FUNCTION;
import static org.virtio.pci.capability.ConfigHeaderLayout.REVISION_ID;
import static org.virtio.pci.capability.ConfigHeaderLayout.SUBSYSTEM_ID;
import static org.virtio.pci.capability.ConfigHeaderLayout.VENDOR_ID;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;
import org.virtio.pci.capability.CommandRegister;
import org.virtio.pci.capability.StructureFinder;
import org.virtio.pci.capability.VirtioStructures;
import org.virtio.spec.DeviceType;
import org.virtio.spec.PciDeviceId;

/**
 * An open function that is a virtio device with a modern interface.
 *
 * @param path       name of the access path
 * @param id         vendor, device and revision, for people
 */
record OpenFunction(PciOptions options, String path, PciFunction function, DeviceType type, String id,
    VirtioStructures structures) {
    /**
     * Looks at a function, and makes it respond to accesses.
     *
     * @throws IOException with the reason why it is no device for this driver; the function stays open
     */
    static OpenFunction of(PciOptions options, String path, PciFunction function) throws IOException {
        Registers config = function.config();
        int vendor = config.read16(VENDOR_ID);
        int device = config.read16(DEVICE_ID);
        if (vendor == NO_FUNCTION) {
            throw new VirtioException("there is no function: configuration space reads all ones");
        }
        String id = String.format("%04x:%04x", vendor, device);
        if (!PciDeviceId.isVirtio(vendor, device)) {
            throw new VirtioException("it is " + id + ", no virtio device; expected 1af4:1000 to 1af4:107f");
        }
        DeviceType type = type(device, config.read16(SUBSYSTEM_ID), id);
        CommandRegister.set(config, COMMAND_MEMORY);
        VirtioStructures structures = StructureFinder.find(function, options.throughConfig());
        if (structures.usesIo()) {
            CommandRegister.set(config, COMMAND_IO);
        }
        return new OpenFunction(options, path, function, type, id + " revision " + config.read8(REVISION_ID), structures);
    }

    private static DeviceType type(int device, int subsystem, String id) throws VirtioException {
        try {
            return PciDeviceId.type(device, subsystem);
        } catch (IllegalArgumentException e) {
            throw new VirtioException("it is " + id + ": " + e.getMessage(), e);
        }
    }

    /**
     * A function that is gone reads as all ones, or on some hosts as zeros: is it still there?
     *
     * @throws IOException if not
     */
    void checkPresence() throws IOException {
        if (function.config().read16(VENDOR_ID) == NO_FUNCTION) {
            throw new IOException("the function has been removed: its configuration space reads all ones");
        }
    }

    /** Lets the function access memory, and so send messages. */
    void enableBusMaster() throws IOException {
        CommandRegister.set(function.config(), COMMAND_BUS_MASTER);
    }

    /** What to tell of it in a dump. */
    Map<String, Object> details() {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("function", options.address().toString());
        details.put("id", id);
        details.put("access", path);
        details.putAll(function.details());
        details.put("structures", structures.places());
        return details;
    }
}
