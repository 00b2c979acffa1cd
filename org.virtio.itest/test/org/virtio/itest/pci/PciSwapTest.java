// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.OptionUtils;
import org.virtio.itest.felix.Contracts;
import org.virtio.itest.felix.Resources;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.itest.swap.BundleSwaps;
import org.virtio.itest.swap.Pauses;
import org.virtio.itest.swap.SwapLoad;

/** The bundle of the PCI transport is stopped, started, updated and refreshed while a function of QEMU's works. */
public class PciSwapTest extends MachineTest {
    private static final int MIB = 1 << 20;
    private static final int SWAPS = Math.max(3, Integer.getInteger("virtio.test.swaps") / 4);

    /** For the image. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    @Override
    @Configuration
    public Option[] configuration() throws IOException {
        return OptionUtils.combine(super.configuration(), Contracts.apart("org.virtio.pci", "org.virtio.pci.access"));
    }

    @Test
    public void nothingIsLostHoweverTheTransportGoesAndComes() throws Exception {
        Path image = StorageDaemon.image(folder.newFile("disk.img").toPath(), MIB);
        start(QtestMachine.builder().blockdev("driver=file,node-name=disk,filename=" + image)
            .device("virtio-blk-pci,id=disk,drive=disk,disable-legacy=on,packed=on"));
        SwapLoad load = new SwapLoad(virtio.attachAt("pci:" + machine.address("disk") + "?access=qtest", "disk"));
        load.awaitProgress();
        load.takeLongestGapNanos();
        Resources before = Resources.now();
        List<String> services = virtio.services();
        BundleSwaps swaps = new BundleSwaps(context, "org.virtio.pci");
        Pauses pauses = new Pauses();
        for (int swap = 1; swap <= SWAPS; swap++) {
            swaps.next();
            load.awaitProgress();
            pauses.note(List.of(load));
            assertThat(virtio.dump("disk").suspensions).isEqualTo(swap);
        }
        load.close();
        Resources.awaitBack(before);
        assertThat(virtio.services()).isEqualTo(services);
        swaps.awaitOneLoader();
        load.assertWritten(image);
        pauses.print("a swap of the bundle of a PCI function's transport");
    }
}
