// SPDX-License-Identifier: Apache-2.0
package org.virtio.host;

import java.util.List;
import org.osgi.dto.DTO;

/** A snapshot of one device of the host. */
public class HostDeviceDTO extends DTO {
    /** The address by which it is attached, such as {@code pci:0000:00:05.0}. */
    public String address;
    /** The short name of its type; null if it is not known. */
    public String type;
    /** What identifies it to the host, such as {@code 1af4:1042}. */
    public String id;
    /** The kernel's driver that has it, or null. */
    public String driver;
    /** Its IOMMU group, or null if it is behind none. */
    public String iommuGroup;
    /** What the kernel or a process uses it for, such as {@code /dev/vda1 is mounted on /}, or null. */
    public String use;
    /** Whether it can be attached as it is. */
    public boolean ready;
    /** Why it is left alone, such as a device without a modern interface, or null. */
    public String unusable;
    /** The commands, for a root shell, that would hand it over; empty if it is ready, in use or unusable. */
    public List<String> handOver = List.of();
}
