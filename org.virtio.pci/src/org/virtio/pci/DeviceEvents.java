// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;

/** Is told what a device says through its interrupts. */
interface DeviceEvents {
    /** The configuration changed, or the device needs a reset. On the event loop's thread. */
    void configurationChanged();

    /** There was an interrupt that may stand for that, or for something else. On the event loop's thread. */
    void configurationMayHaveChanged();

    /** The function can no longer be reached. Any thread. */
    void broken(IOException cause);
}
