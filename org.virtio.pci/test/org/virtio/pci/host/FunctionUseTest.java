// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the kernel and other processes use a function for. Files that processes have open are named so that none is there. */
class FunctionUseTest {
    @TempDir
    private Path root;
    private FakeHost host;
    private Path function;

    @BeforeEach
    void boot() {
        host = new FakeHost(root);
        function = host.bound("0000:00:02.0", 0x1042);
    }

    private Path disk() {
        return host.disk(function.resolve("virtio0/block"), "vdzz", "254:0", null);
    }

    private String use() {
        return new FunctionUse(host.sysfs, host.proc).of(function);
    }

    @Test
    void anIdleDiskIsNotUsed() {
        disk();
        host.mounts("253:0 / ext4 /dev/sda1");
        assertThat(use()).isNull();
    }

    @Test
    void aMountedDiskIsNamedWithItsShortestPath() {
        disk();
        host.mounts("254:0 /var/lib/docker ext4 /dev/vdzz", "254:0 / ext4 /dev/vdzz", "254:0 /a ext4 /dev/vdzz");
        assertThat(use()).isEqualTo("/dev/vdzz is mounted on /");
    }

    @Test
    void eachPartitionIsLookedAt() {
        Path disk = disk();
        host.disk(disk, "vdzz1", "254:1", "1");
        host.disk(disk, "vdzz2", "254:2", "2");
        host.disk(disk, "vdzz3", "254:3", "3");
        host.disk(disk, "vdzz4", "254:4", "4");
        host.mounts("254:1 /my\\040files ext4 /dev/root");
        FakeHost.file(host.proc, "swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/vdzz2   partition\t1024\t0\t-2");
        FakeHost.file(disk, "vdzz3/holders/dm-0/dev", "252:0");
        FakeHost.file(disk, "vdzz3/holders/md0/dev", "9:0");
        FakeHost.file(host.sysfs, "block/dm-0/dm/name", "vg0-root");
        assertThat(use()).isEqualTo("/dev/vdzz1 is mounted on /my files; /dev/vdzz2 is swap space; "
            + "/dev/vdzz3 is held by dm-0 (vg0-root), md0");
    }

    @Test
    void aFileSystemWithANumberOfItsOwnIsKnownByItsSource() {
        disk();
        host.mounts("0:33 /data btrfs /dev/vdzz");
        assertThat(use()).isEqualTo("/dev/vdzz is mounted on /data");
    }

    @Test
    void aSecondDiskOfAFileSystemIsKnownToo() {
        disk();
        FakeHost.file(host.sysfs, "fs/btrfs/d3b0/devices/vdzz/dev", "254:0");
        assertThat(use()).isEqualTo("/dev/vdzz is part of a btrfs file system that is mounted");
    }

    @Test
    void aLoopDeviceUsesWhatItIsMadeOf() {
        disk();
        FakeHost.file(host.sysfs, "block/loop0/loop/backing_file", "/somewhere/else");
        assertThat(use()).isNull();
        FakeHost.file(host.sysfs, "block/loop1/loop/backing_file", "/dev/vdzz");
        assertThat(use()).isEqualTo("/dev/vdzz is what loop1 is made of");
    }

    @Test
    void whatTheFirstProcessHasMountedCountsToo() {
        disk();
        FakeHost.file(host.proc, "1/mountinfo", "26 1 254:0 / / rw,relatime - ext4 /dev/vdzz rw");
        assertThat(use()).isEqualTo("/dev/vdzz is mounted on /");
    }

    @Test
    void aProcessMayHaveADiskOpen() {
        disk();
        host.opens(123, "qemu", "/dev/vdzz");
        assertThat(use()).isEqualTo("/dev/vdzz is open in process 123 (qemu)");
    }

    @Test
    void thisProcessMayHaveADiskOpen() {
        disk();
        host.opens(7, "java", "/dev/vdzz");
        assertThat(use()).isEqualTo("/dev/vdzz is open in this process");
    }

    @Test
    void disksOfAScsiHostAreBelowItsTargets() {
        Path units = function.resolve("virtio0/host2/target2:0:0");
        host.disk(units.resolve("2:0:0:0/block"), "sda", "8:0", null);
        host.disk(units.resolve("2:0:0:1/block"), "sdb", "8:16", null);
        host.mounts("8:16 /srv xfs /dev/sdb");
        assertThat(use()).isEqualTo("/dev/sdb is mounted on /srv");
    }

    @Test
    void disksOfPersistentMemoryAreBelowItsNamespaces() {
        host.disk(function.resolve("virtio0/ndbus0/region0/namespace0.0/block"), "pmem0", "259:0", null);
        host.mounts("259:0 /srv ext4 /dev/pmem0");
        assertThat(use()).isEqualTo("/dev/pmem0 is mounted on /srv");
    }

    @Test
    void anInterfaceThatIsUpIsUsed() {
        Path network = function.resolve("virtio0/net/eth0");
        FakeHost.file(network, "flags", "0x1003");
        assertThat(use()).isEqualTo("network interface eth0 is up");
        FakeHost.file(network, "flags", "0x1002");
        assertThat(use()).isNull();
        FakeHost.link(network.resolve("master"), Path.of("../br0"));
        assertThat(use()).isEqualTo("network interface eth0 belongs to br0");
        FakeHost.file(network, "flags", "?");
        assertThat(use()).isEqualTo("network interface eth0 may be up: its flags cannot be read");
    }

    @Test
    void sharedDirectoriesAreMounted() {
        FakeHost.file(function, "virtio0/mount_tag", "root\0".getBytes());
        host.mounts("0:20 /mnt 9p other");
        assertThat(use()).isNull();
        host.mounts("0:20 / 9p root");
        assertThat(use()).isEqualTo("its directory 'root' is mounted on /");
    }

    @Test
    void aFileSystemDeviceIsUsedIfAnyIs() {
        FakeHost.link(function.resolve("virtio0/driver"), Path.of("../../../bus/virtio/drivers/virtiofs"));
        host.mounts("0:20 / ext4 /dev/sda");
        assertThat(use()).isNull();
        host.mounts("0:20 /mnt virtiofs tag");
        assertThat(use()).isEqualTo("a directory of it or of another such device is mounted on /mnt");
    }

    @Test
    void anotherProcessMayHaveTheFunction() {
        host.group("70007", "DMA", function);
        host.opens(7, "java", "/dev/vfio/70007");
        assertThat(use()).as("what this process has is known elsewhere").isNull();
        host.opens(123, "spdk_tgt", "/dev/vfio/70007");
        assertThat(use()).isEqualTo("/dev/vfio/70007 is open in process 123 (spdk_tgt)");
        host.opens(123, "spdk_tgt", "/dev/vfio/devices/vfio70003");
        FakeHost.file(function, "vfio-dev/vfio70003/dev", "511:3");
        assertThat(use()).isEqualTo("/dev/vfio/devices/vfio70003 is open in process 123 (spdk_tgt)");
        host.opens(123, "spdk_tgt", "/dev/uio70001");
        FakeHost.file(function, "uio/uio70001/dev", "240:1");
        assertThat(use()).isEqualTo("/dev/uio70001 is open in process 123 (spdk_tgt)");
    }

    @Test
    void linksAreNotFollowed() {
        FakeHost.link(function.resolve("virtio0"), function);
        assertThat(use()).isNull();
    }
}
