// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_irq_info (linux/vfio.h).
 *
 * <pre>
 *   0  u32 argsz
 *   4  u32 flags
 *   8  u32 index
 *  12  u32 number of interrupts
 *  16
 * </pre>
 */
final class IrqInfoLayout {
    static final int FLAGS = 4;
    static final int INDEX = 8;
    static final int COUNT = 12;
    /** Bytes in the structure. */
    static final int SIZE = 16;

    /** The interrupts can signal eventfds. */
    static final int FLAG_EVENTFD = 1;

    private IrqInfoLayout() {
    }
}
