// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.virtio.pci.sysfs.KernelFiles;

/** What disks and their partitions are used for. A snapshot. */
final class BlockUse {
    private final Path sysfs;
    private final Mounts mounts;
    private final OpenDeviceFiles open;
    private final Set<String> swaps = new HashSet<>();

    BlockUse(Path sysfs, Path proc, Mounts mounts, OpenDeviceFiles open) {
        this.sysfs = sysfs;
        this.mounts = mounts;
        this.open = open;
        KernelFiles.text(proc.resolve("swaps")).lines().map(line -> Mounts.unescape(line.split("\\s", 2)[0]))
            .forEach(swaps::add);
    }

    /** The uses of a disk, given its directory in sysfs, and of its partitions: one for each of them that is used. */
    List<String> of(Path disk) {
        List<String> uses = new ArrayList<>();
        add(disk, uses);
        for (Path part : KernelFiles.children(disk)) {
            if (Files.exists(part.resolve("partition"))) {
                add(part, uses);
            }
        }
        return uses;
    }

    private void add(Path device, List<String> uses) {
        String use = use(device, "/dev/" + KernelFiles.name(device));
        if (use != null) {
            uses.add(use);
        }
    }

    private String use(Path device, String node) {
        String point = mounts.ofBlock(KernelFiles.text(device.resolve("dev")), node);
        if (point != null) {
            return node + " is mounted on " + point;
        }
        if (swaps.contains(node)) {
            return node + " is swap space";
        }
        List<Path> holders = KernelFiles.children(device.resolve("holders"));
        if (!holders.isEmpty()) {
            return node + " is held by " + holders.stream().map(this::holder).collect(Collectors.joining(", "));
        }
        String loop = loopOf(node);
        if (loop != null) {
            return node + " is what " + loop + " is made of";
        }
        if (isOfBtrfs(KernelFiles.name(device))) {
            return node + " is part of a btrfs file system that is mounted";
        }
        String process = open.user(node);
        return process == null ? null : node + " is open in " + process;
    }

    /** A device mapper's device has a name that says more than its number. */
    private String holder(Path holder) {
        String name = KernelFiles.text(sysfs.resolve("block/" + KernelFiles.name(holder) + "/dm/name"));
        return KernelFiles.name(holder) + (name.isEmpty() ? "" : " (" + name + ")");
    }

    private String loopOf(String node) {
        return KernelFiles.children(sysfs.resolve("block")).stream()
            .filter(device -> KernelFiles.text(device.resolve("loop/backing_file")).equals(node))
            .findFirst().map(KernelFiles::name).orElse(null);
    }

    /** Of the disks of such a file system the table of mounts names one alone. */
    private boolean isOfBtrfs(String name) {
        return KernelFiles.children(sysfs.resolve("fs/btrfs")).stream()
            .anyMatch(fileSystem -> Files.exists(fileSystem.resolve("devices").resolve(name)));
    }
}
