// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import java.util.List;
import java.util.Map;
import org.osgi.dto.DTO;
import org.virtio.queue.QueueDTO;

/** A snapshot of one device. */
public class DeviceDTO extends DTO {
    /** The name it was attached under. */
    public String name;
    /** Its address. */
    public String address;
    /** The scheme of its transport. */
    public String transport;
    /** The short name of its type; null while it is only declared. */
    public String type;
    /** Its state's name, in lower case. */
    public String state;
    /** Why it failed, is suspended or could not be opened, or null. */
    public String failure;
    /** The device status field, by the names of its bits; null while it is only declared. */
    public String status;
    /** How often it was suspended, and went on or not. */
    public int suspensions;
    /** How long the last suspension took from which it went on, in nanoseconds; 0 if there was none. */
    public long lastSuspensionNanos;
    /** Features that the device offers, by name. */
    public List<String> deviceFeatures = List.of();
    /** Features in force, by name. */
    public List<String> negotiatedFeatures = List.of();
    /** Queues that the device has. */
    public int maxQueues;
    /** The queues that are set up. */
    public List<QueueDTO> queues = List.of();
    /** Bytes of shared memory in use. */
    public long memoryAllocated;
    /** Bytes of shared memory in all. */
    public long memoryCapacity;
    /** What the transport tells of itself: strings, numbers, booleans and lists of these, in the order to print. */
    public Map<String, Object> transportDetails = Map.of();
}
