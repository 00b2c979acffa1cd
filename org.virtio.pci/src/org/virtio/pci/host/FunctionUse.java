// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.virtio.pci.sysfs.IommuGroup;
import org.virtio.pci.sysfs.KernelFiles;

/**
 * What the kernel and other processes use functions for: disks, network interfaces, shared directories, files in /dev. A
 * snapshot of what is visible: a file system that names its disks nowhere, such as ZFS, is not, nor is what processes have open
 * if this one may not look at them.
 */
final class FunctionUse {
    /**
     * What lies between a function and its disks and interfaces: the virtio device, of a SCSI host its targets, of persistent
     * memory its namespaces.
     */
    private static final Pattern ON_THE_WAY = Pattern.compile("virtio\\d+|host\\d+|target[\\d:]+|\\d+:\\d+:\\d+:\\d+"
        + "|ndbus\\d+|region\\d+|(namespace|btt|pfn)\\d+\\.\\d+");
    private static final Pattern VIRTIO = Pattern.compile("virtio\\d+");
    private static final int UP = 1;

    private final Mounts mounts;
    private final OpenDeviceFiles open;
    private final BlockUse blocks;

    FunctionUse(Path sysfs, Path proc) {
        this.mounts = new Mounts(proc);
        this.open = new OpenDeviceFiles(proc);
        this.blocks = new BlockUse(sysfs, proc, mounts, open);
    }

    /** What the function with that directory in sysfs is used for; null if for nothing that is known. */
    String of(Path function) {
        List<String> uses = new ArrayList<>();
        follow(function, uses);
        addFiles(function, uses);
        return uses.isEmpty() ? null : String.join("; ", uses);
    }

    private void follow(Path directory, List<String> uses) {
        for (Path child : KernelFiles.children(directory)) {
            String name = KernelFiles.name(child);
            if (Files.isSymbolicLink(child)) {
                continue;
            }
            if (name.equals("block")) {
                KernelFiles.children(child).forEach(disk -> uses.addAll(blocks.of(disk)));
            } else if (name.equals("net")) {
                KernelFiles.children(child).forEach(network -> addNetwork(network, uses));
            } else if (ON_THE_WAY.matcher(name).matches()) {
                addSharedDirectory(child, uses);
                follow(child, uses);
            }
        }
    }

    private static void addNetwork(Path network, List<String> uses) {
        String name = "network interface " + KernelFiles.name(network);
        int flags = KernelFiles.hex(network.resolve("flags"));
        String master = KernelFiles.target(network.resolve("master"));
        if (flags < 0) {
            uses.add(name + " may be up: its flags cannot be read");
        } else if ((flags & UP) != 0) {
            uses.add(name + " is up");
        } else if (master != null) {
            uses.add(name + " belongs to " + master);
        }
    }

    /** The table of mounts has the tag of a 9p device; that of a file system device is not told by older kernels. */
    private void addSharedDirectory(Path device, List<String> uses) {
        if (!VIRTIO.matcher(KernelFiles.name(device)).matches()) {
            return;
        }
        String tag = KernelFiles.text(device.resolve("mount_tag")).replace("\0", "");
        String point = tag.isEmpty() ? null : mounts.ofType("9p", tag);
        if (point != null) {
            uses.add("its directory '" + tag + "' is mounted on " + point);
        }
        String shared = "virtiofs".equals(KernelFiles.target(device.resolve("driver"))) ? mounts.ofType("virtiofs", null) : null;
        if (shared != null) {
            uses.add("a directory of it or of another such device is mounted on " + shared);
        }
    }

    /** Of VFIO the whole group is opened, or, with newer kernels, the device; what this process has open others know. */
    private void addFiles(Path function, List<String> uses) {
        List<String> files = new ArrayList<>(List.of(KernelFiles.real(function.resolve("config"))));
        IommuGroup group = IommuGroup.of(function);
        if (group != null) {
            files.add("/dev/vfio/" + group.name());
            files.add("/dev/vfio/noiommu-" + group.name());
        }
        KernelFiles.children(function.resolve("vfio-dev")).forEach(v -> files.add("/dev/vfio/devices/" + KernelFiles.name(v)));
        KernelFiles.children(function.resolve("uio")).forEach(uio -> files.add("/dev/" + KernelFiles.name(uio)));
        for (String file : files) {
            String process = open.otherUser(file);
            if (process != null) {
                uses.add(file + " is open in " + process);
            }
        }
    }
}
