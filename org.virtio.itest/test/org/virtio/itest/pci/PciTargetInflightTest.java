// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.After;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.blk.BlockDevice;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.itest.support.Await;
import org.virtio.target.TargetDTO;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/** QEMU, as the front end of the embedded target, keeps what is in flight from one target to the next. */
public class PciTargetInflightTest extends MachineTest {
    private static final int BLOCK = 4096;

    /** For the socket. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    /**
     * The first of two writes stalls and the second is used. QEMU itself knows how many were used, and would have the next
     * target go on at the second write: only the memory tells that it is the first that has to be done.
     */
    @Test
    public void aWriteThatStalledIsDoneByTheNextTarget() throws Exception {
        Path path = folder.getRoot().toPath();
        TargetOptions options = new TargetOptions(path.resolve("disk.sock").toString(), path.resolve("disk.img").toString(),
            1 << 20, 512, 1, false, "inflight");
        virtio.target(options);
        start(QtestMachine.builder().option("-chardev", "socket,id=target,reconnect=1,path=" + options.path())
            .device("vhost-user-blk-pci,id=disk,chardev=target,disable-legacy=on,num-queues=1"));
        BlockDevice device = virtio.attachAt("pci:" + machine.address("disk") + "?access=qtest", "disk");
        device.write(2 * BLOCK, ByteBuffer.allocate(BLOCK));
        assertThat(target().inflight).as("QEMU has asked for the memory").isTrue();

        virtio.deleteTargets();
        virtio.target(options.withFaults("stall@1"));
        CompletableFuture<Void> first = device.writeAsync(0, filled(1));
        CompletableFuture<Void> second = device.writeAsync(BLOCK, filled(2));
        second.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertThat(first).isNotDone();

        virtio.deleteTargets();
        virtio.target(options);
        first.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
        Await.until("it is counted", () -> target().requests > 0);
        assertThat(target().requests).as("the second is not done again").isEqualTo(1);
        ByteBuffer read = ByteBuffer.allocate(2 * BLOCK);
        device.read(0, read);
        assertThat(read.get(0)).isEqualTo((byte) 1);
        assertThat(read.get(BLOCK)).isEqualTo((byte) 2);
    }

    /** Before the machine ends. */
    @After
    public void deleteTargets() throws Exception {
        virtio.detachAll();
        virtio.deleteTargets();
    }

    private TargetDTO target() {
        return virtio.service(TargetManager.class).list().get(0);
    }

    private static ByteBuffer filled(int value) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (int i = 0; i < BLOCK; i++) {
            block.put(i, (byte) value);
        }
        return block;
    }
}
