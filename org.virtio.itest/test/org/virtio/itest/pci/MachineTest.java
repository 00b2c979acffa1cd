// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import java.io.IOException;
import org.junit.After;
import org.osgi.framework.ServiceRegistration;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.pci.access.AccessPath;

/** A test in Felix of devices of one machine of QEMU's. */
public abstract class MachineTest extends FelixTest {
    /** The machine; null before {@link #start}. */
    protected QtestMachine machine;

    private ServiceRegistration<AccessPath> registration;

    /** Starts it, so that its functions can be attached. */
    protected final void start(QtestMachine.Builder builder) throws IOException {
        machine = builder.start();
        registration = context.registerService(AccessPath.class, machine.access(), null);
    }

    /** Lets go of the devices, then ends the machine. */
    @After
    public final void endMachine() throws Exception {
        try {
            virtio.detachAll();
        } finally {
            if (registration != null) {
                registration.unregister();
                machine.close();
            }
        }
    }
}
