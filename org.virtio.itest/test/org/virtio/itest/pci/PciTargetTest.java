// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import java.nio.file.Path;
import org.osgi.framework.ServiceRegistration;
import org.virtio.itest.blk.BlockContract;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.pci.access.AccessPath;
import org.virtio.target.TargetOptions;

/**
 * The block contract with this project at both ends and QEMU in between: the embedded target is the back end of a
 * vhost-user-blk-pci, which the PCI transport drives.
 */
public class PciTargetTest extends BlockContract {
    private QtestMachine machine;
    private ServiceRegistration<AccessPath> registration;

    @Override
    protected String serve(Path directory) throws Exception {
        String socket = directory.resolve("disk.sock").toString();
        virtio.target(TargetOptions.ram(socket, CAPACITY).withQueues(queues()));
        machine = QtestMachine.builder().option("-chardev", "socket,id=target,path=" + socket)
            .device("vhost-user-blk-pci,id=disk,chardev=target,disable-legacy=on,num-queues=" + queues()).start();
        registration = context.registerService(AccessPath.class, machine.access(), null);
        return "pci:" + machine.address("disk") + "?access=qtest";
    }

    @Override
    protected void endServing() throws Exception {
        registration.unregister();
        machine.close();
        virtio.deleteTargets();
    }

    @Override
    protected String id() {
        return "virtio-ram";
    }

    @Override
    protected int queues() {
        return 2;
    }
}
