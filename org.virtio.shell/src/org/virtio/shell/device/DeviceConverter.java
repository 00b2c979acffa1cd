// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.ArrayList;
import java.util.List;
import org.apache.felix.service.command.Converter;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.blk.BlockDeviceDTO;
import org.virtio.device.DeviceDTO;
import org.virtio.queue.QueueDTO;
import org.virtio.shell.print.Details;
import org.virtio.shell.print.Form;
import org.virtio.shell.print.FormConverter;
import org.virtio.shell.print.Table;
import org.virtio.shell.print.Units;
import org.virtio.spec.PackedRingLayout;

/** Prints devices, their features, queues and configuration. */
@Component(service = Converter.class)
public final class DeviceConverter extends FormConverter {
    private static final Table<DeviceDTO> DEVICES = new Table<DeviceDTO>()
        .column("NAME", d -> d.name).column("TYPE", d -> d.type).column("STATE", d -> d.state)
        .column("QUEUES", d -> d.queues.size()).column("ADDRESS", d -> d.address)
        .column("", d -> d.failure == null ? "" : d.failure);

    private static final Table<QueueDTO> QUEUES = new Table<QueueDTO>()
        .column("QUEUE", q -> q.index).column("FORMAT", q -> q.format).column("SIZE", q -> q.size)
        .column("FREE", q -> q.freeDescriptors).column("IN FLIGHT", q -> q.inFlight)
        .column("AVAIL", q -> position(q, q.availableIndex)).column("USED", q -> position(q, q.usedIndex))
        .column("REQUESTS", q -> q.requests).column("COMPLETED", q -> q.completions)
        .column("BUFFERS", q -> q.buffers).column("INDIRECT", q -> q.indirect)
        .column("READABLE", q -> Units.bytes(q.bytesReadable)).column("WRITTEN", q -> Units.bytes(q.bytesWritten))
        .column("NOTIFIED", q -> q.notificationsSent)
        .column("SUPPRESSED", q -> q.notificationsSuppressed).column("WAKE-UPS", q -> q.wakeups)
        .column("FULL", q -> q.full).column("BREAKS", q -> q.breaks).column("OWNER", q -> q.owner)
        .column("", q -> q.brokenReason == null ? "" : "broken: " + q.brokenReason);

    /** Created by Declarative Services. */
    @Activate
    public DeviceConverter() {
        super(List.of(
            Form.of(DeviceDTO.class, DEVICES),
            Form.of(QueueDTO.class, QUEUES),
            Form.of(InfoDTO.class, new Table<InfoDTO>().column("", i -> DEVICES.line(i.device)), DeviceConverter::full),
            Form.of(TransportDTO.class, new Table<TransportDTO>()
                .column("TRANSPORT", t -> t.scheme).column("DEVICES", t -> t.devices)),
            Form.of(FeatureDTO.class, new Table<FeatureDTO>()
                .column("FEATURE", f -> f.name).column("NEGOTIATED", f -> f.negotiated ? "yes" : "no")),
            Form.of(ConfigFieldDTO.class, new Table<ConfigFieldDTO>()
                .column("OFFSET", f -> f.offset).column("FIELD", f -> f.name)
                .column("VALUE", f -> f.value).column("", f -> f.meaning))));
    }

    /** Of a packed ring a place and, after a colon, its wrap counter. */
    private static Object position(QueueDTO queue, int index) {
        return "packed".equals(queue.format)
            ? (index & PackedRingLayout.WRAP_COUNTER - 1) + ((index & PackedRingLayout.WRAP_COUNTER) == 0 ? ":0" : ":1")
            : (Object) index;
    }

    private static String full(InfoDTO info) {
        DeviceDTO device = info.device;
        Details details = new Details(device.name)
            .add("type", device.type)
            .add("address", device.address)
            .add("state", device.state + (device.status == null ? "" : " (" + device.status.replace("|", " ") + ")"))
            .add("failure", device.failure)
            .add("suspended", device.suspensions == 0 ? null : suspensions(device));
        if (info.block != null) {
            block(details, info.block);
        }
        if (device.type != null) {
            open(details, device);
        }
        details.add("transport", device.transport);
        device.transportDetails.forEach((name, value) -> transport(details, "  " + name, value));
        return details.toString();
    }

    private static String suspensions(DeviceDTO device) {
        return Units.number(device.suspensions) + (device.suspensions == 1 ? " time" : " times")
            + (device.lastSuspensionNanos == 0 ? "" : ", the last for " + Units.nanos(device.lastSuspensionNanos));
    }

    private static void block(Details details, BlockDeviceDTO block) {
        details.add("id", block.id == null || block.id.isEmpty() ? null : block.id)
            .add("capacity", Units.bytes(block.capacity) + " (" + Units.number(block.capacity) + " bytes)")
            .add("block size", Units.bytes(block.blockSize)
                + (block.physicalBlockSize > block.blockSize ? ", physical " + Units.bytes(block.physicalBlockSize) : "")
                + (block.optIoSize > 0 ? ", best I/O size " + Units.bytes(block.optIoSize) : ""))
            .add("access", (block.readOnly ? "read-only" : "read and write") + ", "
                + (block.writeback ? "writeback: durable after a flush" : "writethrough"))
            .add("limits", "segments " + block.maxSegments + " of "
                + (block.maxSegmentSize == Integer.MAX_VALUE ? "any size" : Units.bytes(block.maxSegmentSize))
                + ", discard " + limit(block.maxDiscardBytes) + ", write zeroes " + limit(block.maxWriteZeroesBytes));
    }

    private static String limit(long bytes) {
        return bytes == 0 ? "none" : Units.bytes(bytes);
    }

    private static void open(Details details, DeviceDTO device) {
        if (device.negotiatedFeatures.isEmpty()) {
            details.addAll("offered features", device.deviceFeatures);
        } else {
            List<String> refused = new ArrayList<>(device.deviceFeatures);
            refused.removeAll(device.negotiatedFeatures);
            details.addAll("features", device.negotiatedFeatures).addAll("not taken", refused);
        }
        details.add("queues", device.queues.size() + " of " + device.maxQueues);
        for (QueueDTO queue : device.queues) {
            details.add("  queue " + queue.index, queue.format + ", " + queue.size + " descriptors, " + queue.inFlight
                + " in flight, " + (queue.owner == null ? "free" : "owned by " + queue.owner)
                + (queue.breaks == 0 ? "" : ", broke " + Units.number(queue.breaks) + (queue.breaks == 1 ? " time" : " times"))
                + (queue.brokenReason == null ? "" : ", broken: " + queue.brokenReason));
            details.add("", traffic(queue)).add("", latency(queue));
        }
        details.add("memory", device.memoryCapacity == 0 ? "none yet"
            : Units.bytes(device.memoryAllocated) + " of " + Units.bytes(device.memoryCapacity) + " in use");
    }

    /** Null of a queue that was not used yet. */
    private static String traffic(QueueDTO queue) {
        return queue.requests == 0 ? null : Units.number(queue.requests)
            + (queue.requests == 1 ? " request of " : " requests of ")
            + Units.decimal((double) queue.buffers / queue.requests, 1) + " buffers, "
            + Units.decimal(100.0 * queue.indirect / queue.requests, 0) + "% indirect, "
            + Units.bytes(queue.bytesReadable) + " to the device, " + Units.bytes(queue.bytesWritten) + " from it";
    }

    /** Null of a queue that has timed no request. */
    private static String latency(QueueDTO queue) {
        return queue.latencySamples == 0 ? null : "latency p50 " + Units.nanos(queue.latencyP50Nanos) + ", p99 "
            + Units.nanos(queue.latencyP99Nanos) + ", max " + Units.nanos(queue.latencyMaxNanos) + ", of "
            + Units.number(queue.latencySamples) + " timed";
    }

    /** Of lists, names come as many on a line as fit, and phrases one by one. */
    private static void transport(Details details, String label, Object value) {
        if (value instanceof List<?> list) {
            List<String> items = list.stream().map(String::valueOf).toList();
            if (items.stream().noneMatch(item -> item.contains(" "))) {
                details.addAll(label, items);
            } else {
                details.addLines(label, items);
            }
        } else {
            details.add(label, value instanceof Boolean is ? is ? "yes" : "no" : value);
        }
    }
}
