// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.Test;
import org.osgi.framework.ServiceRegistration;
import org.virtio.device.DeviceDTO;
import org.virtio.itest.blk.FileContract;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.pci.access.AccessPath;

/** The block contract with QEMU's virtio-blk-pci, which serves a file. */
public abstract class PciContract extends FileContract {
    private static final String ID = "a disk of QEMU's";

    private QtestMachine machine;
    private ServiceRegistration<AccessPath> registration;

    /** Options of QEMU's device. */
    protected abstract String deviceOptions();

    /** Options of the address, as {@code a=b&c=d}. */
    protected String addressOptions() {
        return "access=qtest";
    }

    /** Whether the device is behind an IOMMU. */
    protected boolean hasIommu() {
        return false;
    }

    /** How notifications of the device arrive, as a dump tells it. */
    protected abstract String interrupts();

    @Override
    protected final String serve(Path directory, Path file) throws Exception {
        QtestMachine.Builder builder = QtestMachine.builder()
            .blockdev("driver=file,node-name=disk,discard=unmap,filename=" + file)
            .device("virtio-blk-pci,id=disk,drive=disk,serial=" + ID + ",num-queues=" + queues() + "," + deviceOptions());
        machine = (hasIommu() ? builder.iommu() : builder).start();
        registration = context.registerService(AccessPath.class, machine.access(), null);
        return "pci:" + machine.address("disk") + "?" + addressOptions();
    }

    @Override
    protected final void endServing() {
        registration.unregister();
        machine.close();
    }

    @Override
    protected final String id() {
        return ID;
    }

    @Override
    protected int queues() {
        return 1;
    }

    /** The machine that has the device. */
    protected final QtestMachine machine() {
        return machine;
    }

    @Test
    public void qemuKnowsTheDeviceAsTheDumpDoes() throws Exception {
        device.flush();
        DeviceDTO dto = virtio.dump("disk");
        assertThat(dto.transportDetails).containsEntry("interrupts", interrupts()).containsEntry("access", "qtest");
        new OracleCheck(machine.oracle("disk")).check(dto);
    }
}
