// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.blk.BlockDevice;
import org.virtio.itest.felix.Resources;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.itest.swap.Load;
import org.virtio.itest.swap.SwapLoad;
import org.virtio.pci.access.FunctionListener;
import org.virtio.pci.access.PciAddress;

/** A function that the host takes away is expected back if its address says for how long: its disk works on then. */
public class PciReturnTest extends MachineTest {
    private static final int MIB = 1 << 20;
    private static final int ROUNDS = 10;
    private static final String PLUGGED = "virtio-blk-pci,id=disk,drive=disk,bus=port0,disable-legacy=on,packed=on";

    /** For the image. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private Path image;
    private PciAddress place;

    @Before
    public void plugIn() throws IOException {
        image = StorageDaemon.image(folder.newFile("disk.img").toPath(), MIB);
        start(QtestMachine.builder().blockdev("driver=file,node-name=disk,filename=" + image).rootPort("port0"));
        place = machine.plug(PLUGGED);
    }

    private interface Removal {
        void run() throws IOException;
    }

    @Test
    public void nothingIsLostWhenItIsTornOutAndPluggedInAgain() throws Exception {
        comesAndGoes(() -> {
            machine.remove("disk");
            listener().removed(place);
            // Who reads its status before that is told finds out first.
        }, "removed");
    }

    @Test
    public void nothingIsLostWhenItIsAskedForAndPluggedInAgain() throws Exception {
        comesAndGoes(() -> machine.unplug("disk"), "the host asks for the function back");
    }

    /** Nobody tells that it is gone: a dump finds out. */
    @Test
    public void nothingIsLostWhenItWasGoneForAWhile() throws Exception {
        comesAndGoes(() -> {
            machine.remove("disk");
            virtio.dump("disk");
        }, "reads all ones");
    }

    @Test
    public void whatIsNotBackInTimeFailsAndIsOpenedAnewWhenItIs() throws Exception {
        Load load = new Load(virtio.attachAt("pci:" + place + "?access=qtest&grace=1", "disk"));
        load.awaitProgress();
        machine.remove("disk");
        listener().removed(place);
        load.awaitEnd();
        virtio.awaitNoBlock("disk");
        assertThat(virtio.dump("disk").failure).contains("no transport within 1 s", "removed");
        machine.plug(PLUGGED);
        listener().appeared(place);
        virtio.block("disk").flush();
    }

    private FunctionListener listener() {
        return virtio.service(FunctionListener.class);
    }

    private void comesAndGoes(Removal removal, String reason) throws Exception {
        SwapLoad load = new SwapLoad(virtio.attachAt("pci:" + place + "?access=qtest&grace=60", "disk"));
        load.awaitProgress();
        Resources before = Resources.now();
        for (int round = 1; round <= ROUNDS; round++) {
            removal.run();
            // Not by a dump, which would find out by itself.
            Await.until("it is suspended", () -> !virtio.references(BlockDevice.class, "(virtio.state=suspended)").isEmpty());
            assertThat(virtio.dump("disk").failure).as("round %d", round).contains(reason);
            assertThat(machine.plug(PLUGGED)).isEqualTo(place);
            listener().appeared(place);
            load.awaitProgress();
        }
        load.close();
        Resources.awaitBack(before);
        assertThat(virtio.dump("disk").suspensions).isEqualTo(ROUNDS);
        load.assertWritten(image);
    }
}
