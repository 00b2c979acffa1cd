// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.uio;

import java.io.IOException;
import org.virtio.pci.access.Intx;
import org.virtio.pci.sysfs.SysfsFunction;
import org.virtio.pci.sysfs.SysfsNode;
import org.virtio.pci.sysfs.SysfsRegisters;

/** A function that {@code uio_pci_generic} has. */
final class UioFunction extends SysfsFunction {
    /** Null if there is none. */
    private final UioInterrupt interrupt;

    UioFunction(SysfsNode node, SysfsRegisters registers, UioInterrupt interrupt, Runnable afterwards) {
        super(node, registers, afterwards);
        this.interrupt = interrupt;
    }

    @Override
    public boolean hasIntx() {
        return interrupt != null;
    }

    /** What came before is not wanted any more; if it is still raised it comes again. */
    @Override
    public Intx enableIntx() throws IOException {
        if (interrupt == null) {
            return super.enableIntx();
        }
        interrupt.take();
        interrupt.unmask();
        return interrupt;
    }
}
