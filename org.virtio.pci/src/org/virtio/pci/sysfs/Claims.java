// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.virtio.pci.access.PciAddress;

/** The functions that one path has open, none of them twice. Thread-safe. */
public final class Claims {
    private final Set<PciAddress> open = ConcurrentHashMap.newKeySet();

    /** Notes that a function is opened; throws if it is open. */
    public void claim(PciAddress address) throws IOException {
        if (!open.add(address)) {
            throw new IOException(address + " is open already; detach the device that uses it first");
        }
    }

    /** Notes that a function is closed. */
    public void release(PciAddress address) {
        open.remove(address);
    }
}
