// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.virtio.pci.access.PciAddress;

/** Finds devices in what QEMU tells of its buses: QMP's {@code query-pci}. */
final class QemuTree {
    private QemuTree() {
    }

    /**
     * Where a device is.
     *
     * @throws IllegalArgumentException if there is no PCI function with that id
     */
    static PciAddress find(Monitor monitor, String id) throws IOException {
        for (Object bus : list(monitor.execute("query-pci", Map.of()))) {
            PciAddress found = findIn(map(bus), id);
            if (found != null) {
                return found;
            }
        }
        throw new IllegalArgumentException("QEMU has no PCI function " + id);
    }

    private static PciAddress findIn(Map<?, ?> bus, String id) {
        for (Object each : list(bus.get("devices"))) {
            Map<?, ?> device = map(each);
            if (id.equals(device.get("qdev_id"))) {
                return new PciAddress(0, number(device, "bus"), number(device, "slot"), number(device, "function"));
            }
            PciAddress found = device.containsKey("pci_bridge") ? findIn(map(device.get("pci_bridge")), id) : null;
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static int number(Map<?, ?> device, String key) {
        return ((Number) device.get(key)).intValue();
    }

    private static Map<?, ?> map(Object value) {
        return (Map<?, ?>) value;
    }

    private static List<?> list(Object value) {
        return value == null ? List.of() : (List<?>) value;
    }
}
