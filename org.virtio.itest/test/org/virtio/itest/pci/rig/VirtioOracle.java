// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What QEMU itself knows of one of its virtio devices, to hold against what the driver knows. Thread-safe. */
public final class VirtioOracle {
    private static final String STATUS_PREFIX = "VIRTIO_CONFIG_S_";

    private final Monitor monitor;
    private final String path;

    VirtioOracle(Monitor monitor, String id) {
        this.monitor = monitor;
        this.path = "/machine/peripheral/" + id + "/virtio-backend";
    }

    /**
     * A virtqueue as the device has it.
     *
     * @param size       of the queue, 0 if it has none
     * @param descriptor address of the descriptor area
     * @param driver     address of the driver area
     * @param device     address of the device area
     * @param lastAvail  the available index up to which the device has taken buffers
     * @param used       the used index
     * @param inUse      how many buffers the device has taken and not used yet
     */
    public record Queue(int size, long descriptor, long driver, long device, int lastAvail, int used, int inUse) {
    }

    /** Everything that QMP's {@code x-query-virtio-status} tells. */
    public Map<String, Object> all() throws IOException {
        return command("x-query-virtio-status", Map.of("path", path));
    }

    /** The bits of the device status field that are set, by the specification's names: {@code DRIVER_OK}. */
    public Set<String> status() throws IOException {
        return names(all().get("status")).map(name -> name.replace(STATUS_PREFIX, ""))
            .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The features that the driver has accepted, by QEMU's names: {@code VIRTIO_F_VERSION_1}, {@code VIRTIO_BLK_F_FLUSH}. */
    public Set<String> driverFeatures() throws IOException {
        return names(all().get("guest-features")).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The features that the device offers, likewise. */
    public Set<String> deviceFeatures() throws IOException {
        return names(all().get("host-features")).collect(Collectors.toCollection(TreeSet::new));
    }

    /** A virtqueue: QMP's {@code x-query-virtio-queue-status}. */
    public Queue queue(int index) throws IOException {
        Map<String, Object> queue = command("x-query-virtio-queue-status", Map.of("path", path, "queue", index));
        return new Queue((int) number(queue, "vring-num"), number(queue, "vring-desc"), number(queue, "vring-avail"),
            number(queue, "vring-used"), (int) number(queue, "last-avail-idx"), (int) number(queue, "used-idx"),
            (int) number(queue, "inuse"));
    }

    /** A virtio device that is run by a back end outside QEMU has no such index: -1. */
    private static long number(Map<String, Object> queue, String key) {
        return queue.get(key) instanceof Number number ? number.longValue() : -1;
    }

    /** Of lists of "NAME: what it means", the names. */
    private static Stream<String> names(Object lists) {
        return ((Map<?, ?>) lists).values().stream().filter(List.class::isInstance).flatMap(list -> ((List<?>) list).stream())
            .map(text -> text.toString().replaceAll(":.*", ""));
    }

    private Map<String, Object> command(String command, Map<String, ?> arguments) throws IOException {
        Map<?, ?> answer = (Map<?, ?>) monitor.execute(command, arguments);
        return answer.entrySet().stream().collect(Collectors.toMap(entry -> entry.getKey().toString(), Map.Entry::getValue));
    }
}
