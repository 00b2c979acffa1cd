// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.device.DeviceAddress;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.itest.swap.Pauses;
import org.virtio.itest.swap.SwapLoad;
import org.virtio.target.TargetOptions;

/** A disk under load goes from a vhost-user socket to a PCI function and back: the same file, other addresses of the memory. */
public class PciMoveTest extends MachineTest {
    private static final int MIB = 1 << 20;
    private static final int MOVES = Math.max(2, Integer.getInteger("virtio.test.swaps") / 4);

    /** For the image and the socket. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    @Test
    public void nothingIsLostHoweverOftenADiskChangesItsTransport() throws Exception {
        Path image = StorageDaemon.image(folder.newFile("disk.img").toPath(), MIB);
        start(QtestMachine.builder().blockdev("driver=file,locking=off,node-name=disk,filename=" + image)
            .device("virtio-blk-pci,id=disk,drive=disk,disable-legacy=on,packed=on,queue-size=512"));
        String socket = folder.getRoot() + "/disk.sock";
        virtio.target(new TargetOptions(socket, image.toString(), 0, 512, 1, false, "disk"));
        List<DeviceAddress> places = List.of(DeviceAddress.parse("vhost-user:" + socket),
            DeviceAddress.parse("pci:" + machine.address("disk") + "?access=qtest"));
        SwapLoad load = new SwapLoad(virtio.attach(socket + "?in_order=off", "disk"));
        load.awaitProgress();
        load.takeLongestGapNanos();
        Pauses pauses = new Pauses();
        for (int move = 1; move <= MOVES; move++) {
            virtio.registry().move("disk", places.get(move % 2));
            load.awaitProgress();
            pauses.note(List.of(load));
        }
        load.close();
        assertThat(virtio.dump("disk").suspensions).isEqualTo(MOVES);
        assertThat(virtio.dump("disk").transport).isEqualTo("vhost-user");
        load.assertWritten(image);
        pauses.print("a move between a socket and a PCI function");
    }
}
