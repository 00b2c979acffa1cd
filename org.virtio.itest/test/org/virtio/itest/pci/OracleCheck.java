// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.virtio.device.DeviceDTO;
import org.virtio.itest.pci.rig.VirtioOracle;
import org.virtio.queue.QueueDTO;

/** Holds what a dump of a device that rests says against what QEMU says of the same device. */
final class OracleCheck {
    private static final int PACKED_INDEX = 0x7fff;
    /** What QEMU's devices offer to legacy drivers alone; bit 30, which vhost-user has, is a trap for drivers. */
    private static final Set<String> LEGACY = Set.of("NOTIFY_ON_EMPTY", "ANY_LAYOUT", "NET_GSO", "VHOST_USER_PROTOCOL_FEATURES");

    private final VirtioOracle oracle;

    OracleCheck(VirtioOracle oracle) {
        this.oracle = oracle;
    }

    void check(DeviceDTO dto) throws IOException {
        assertThat(new TreeSet<>(Arrays.asList(dto.status.split("\\|")))).as("status").isEqualTo(oracle.status());
        Set<String> offered = names(oracle.deviceFeatures());
        offered.removeAll(LEGACY);
        assertThat(offered).as("offered").isEqualTo(nameable(dto.deviceFeatures));
        assertThat(names(oracle.driverFeatures())).as("negotiated").isEqualTo(nameable(dto.negotiatedFeatures));
        assertThat(dto.queues).isNotEmpty();
        for (QueueDTO queue : dto.queues) {
            check(queue, oracle.queue(queue.index));
        }
    }

    private static Set<String> nameable(List<String> features) {
        Set<String> names = new TreeSet<>(features);
        // QEMU 7.2 offers it and has no name for it.
        names.remove("RING_RESET");
        return names;
    }

    /** As this project calls them: {@code VIRTIO_F_VERSION_1} is VERSION_1 and {@code VIRTIO_BLK_F_RO} is BLK_RO. */
    private static Set<String> names(Set<String> qemus) {
        return qemus.stream().map(name -> name.replaceAll("^VIRTIO_(RING_)?F_|^VIRTIO_(?=[A-Z]+_F_)", "").replace("_F_", "_"))
            .map(name -> name.equals("IOMMU_PLATFORM") ? "ACCESS_PLATFORM" : name)
            .collect(Collectors.toCollection(TreeSet::new));
    }

    private static void check(QueueDTO queue, VirtioOracle.Queue qemus) {
        assertThat(qemus.size()).as("size of queue " + queue.index).isEqualTo(queue.size);
        assertThat(qemus.inUse()).as("in flight on queue " + queue.index).isEqualTo(queue.inFlight);
        boolean packed = queue.format.equals("packed");
        int available = packed ? queue.availableIndex & PACKED_INDEX : queue.availableIndex;
        int used = packed ? queue.usedIndex & PACKED_INDEX : queue.usedIndex;
        assertThat(qemus.lastAvail()).as("available index of queue " + queue.index).isEqualTo(available);
        assertThat(qemus.used()).as("used index of queue " + queue.index).isEqualTo(used);
    }
}
