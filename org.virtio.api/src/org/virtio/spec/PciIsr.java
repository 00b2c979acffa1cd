// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/** Bits of the ISR status byte, which a read clears (VIRTIO 1.3, section 4.1.4.5). */
public final class PciIsr {
    /** A queue has used buffers. */
    public static final int QUEUE = 1;
    /** The configuration space has changed. */
    public static final int CONFIGURATION = 2;

    private PciIsr() {
    }
}
