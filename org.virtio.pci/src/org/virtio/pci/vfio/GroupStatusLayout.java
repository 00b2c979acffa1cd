// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_group_status (linux/vfio.h).
 *
 * <pre>
 *   0  u32 argsz
 *   4  u32 flags
 *   8
 * </pre>
 */
final class GroupStatusLayout {
    static final int FLAGS = 4;
    /** Bytes in the structure. */
    static final int SIZE = 8;

    /** No function of the group is bound to a driver that would use it beside us. */
    static final int FLAG_VIABLE = 1;

    private GroupStatusLayout() {
    }
}
