// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.virtio.device.VirtioException;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.pci.PciProvider;
import org.virtio.posix.PosixException;
import org.virtio.transport.TransportProvider;

/** QEMU's virtio-blk-pci on a file, with every ring feature that it knows. */
final class PciPeer implements AutoCloseable {
    private final QtestMachine machine;
    private final String address;

    private PciPeer(QtestMachine machine) throws IOException {
        this.machine = machine;
        this.address = "pci:" + machine.address("disk") + "?access=qtest&";
    }

    /** Serves a disk of so many bytes. */
    static PciPeer serve(Path directory, long bytes, int queues) throws IOException {
        Path image = StorageDaemon.image(directory.resolve("disk.img"), bytes);
        QtestMachine machine = QtestMachine.builder().blockdev("driver=file,node-name=disk,filename=" + image)
            .device("virtio-blk-pci,id=disk,drive=disk,disable-legacy=on,packed=on,queue-size=1024,num-queues=" + queues)
            .start();
        try {
            return new PciPeer(machine);
        } catch (IOException e) {
            machine.close();
            throw e;
        }
    }

    /** As {@link Rig#open}. */
    Rig open(String options, int queues, UnaryOperator<TransportProvider> between) throws VirtioException, PosixException {
        PciProvider provider = new PciProvider();
        provider.bindPath(machine.access());
        return Rig.open(between.apply(provider), provider::deactivate, address + options, queues);
    }

    @Override
    public void close() {
        machine.close();
    }
}
