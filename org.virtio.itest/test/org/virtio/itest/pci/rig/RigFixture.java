// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.OpenResources;

/** What the tests of the rig share: disks, and a check that a test has left nothing behind. */
abstract class RigFixture {
    static final int MIB = 1 << 20;

    @TempDir
    private Path directory;
    private long descriptors;
    private long mappings;

    @BeforeEach
    void count() {
        descriptors = OpenResources.fileDescriptors();
        mappings = OpenResources.mappings();
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(OpenResources.fileDescriptors()).isEqualTo(descriptors);
        assertThat(OpenResources.mappings()).isEqualTo(mappings);
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
            .noneMatch(name -> name.startsWith("qtest"));
        assertThat(ProcessHandle.current().descendants()).extracting(process -> process.info().command().orElse(""))
            .noneMatch(command -> command.contains("qemu-system"));
    }

    /** A block device node of a new disk. */
    String node(String name) throws IOException {
        return "driver=file,node-name=" + name + ",filename=" + TestDisk.write(directory.resolve(name));
    }

    static PciFunction open(QtestMachine machine, String id) throws IOException {
        return machine.access().open(machine.address(id));
    }
}
