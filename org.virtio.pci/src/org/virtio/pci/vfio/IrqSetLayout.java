// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_irq_set (linux/vfio.h).
 *
 * <pre>
 *   0  u32 argsz
 *   4  u32 flags
 *   8  u32 index
 *  12  u32 the first interrupt
 *  16  u32 number of interrupts
 *  20  s32 a descriptor for each, with FLAG_DATA_EVENTFD
 * </pre>
 */
final class IrqSetLayout {
    static final int FLAGS = 4;
    static final int INDEX = 8;
    static final int COUNT = 16;
    /** Bytes in the structure, without the data. */
    static final int SIZE = 20;

    /** No data: the action is for each interrupt, or, with a count of 0, disables all. */
    static final int FLAG_DATA_NONE = 1;
    /** The data are descriptors of eventfds. */
    static final int FLAG_DATA_EVENTFD = 1 << 2;
    /** Unmask. */
    static final int FLAG_ACTION_UNMASK = 1 << 4;
    /** Say what is to be signalled. */
    static final int FLAG_ACTION_TRIGGER = 1 << 5;

    private IrqSetLayout() {
    }
}
