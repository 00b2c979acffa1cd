// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/** Feature bits that do not depend on the device type (VIRTIO 1.3, section 6), and the names of all known bits. */
public final class Feature {
    /** Legacy: the device notifies when it runs out of available buffers (section 6.3). */
    public static final int NOTIFY_ON_EMPTY = 24;
    /** Vhost only: the front end wants dirty pages logged. Never negotiated with a virtio device. */
    public static final int VHOST_LOG_ALL = 26;
    /** Legacy: the device accepts any descriptor layout (section 6.3). */
    public static final int ANY_LAYOUT = 27;
    /** Descriptors may point to tables of descriptors. */
    public static final int INDIRECT_DESC = 28;
    /** The {@code used_event} and {@code avail_event} fields suppress notifications. */
    public static final int EVENT_IDX = 29;
    /** Vhost-user only: the back end supports protocol features; a reserved bit of VIRTIO. */
    public static final int VHOST_USER_PROTOCOL_FEATURES = 30;
    /** The device complies with VIRTIO 1.0 or later. */
    public static final int VERSION_1 = 32;
    /** Device accesses go through a platform's translation, such as an IOMMU. */
    public static final int ACCESS_PLATFORM = 33;
    /** The packed virtqueue layout. */
    public static final int RING_PACKED = 34;
    /** The device uses buffers in the order in which they were made available. */
    public static final int IN_ORDER = 35;
    /** Memory accesses are ordered as the platform requires. */
    public static final int ORDER_PLATFORM = 36;
    /** Single-root I/O virtualisation. */
    public static final int SR_IOV = 37;
    /** The driver passes extra data in its notifications. */
    public static final int NOTIFICATION_DATA = 38;
    /** The driver uses data that the device provides as a queue's identifier in notifications. */
    public static final int NOTIF_CONFIG_DATA = 39;
    /** The driver may reset one queue. */
    public static final int RING_RESET = 40;
    /** The device has administration virtqueues. */
    public static final int ADMIN_VQ = 41;

    private Feature() {
    }

    /**
     * The name of a feature bit of a device type, as the specification spells it without its prefix: {@code VERSION_1},
     * {@code BLK_FLUSH}. A bit without a name here is {@code bit N}.
     *
     * @param bit 0 or greater
     */
    public static String name(DeviceType type, int bit) {
        String name = common(bit);
        if (name == null) {
            name = ofType(type, bit);
        }
        return name == null ? "bit " + bit : name;
    }

    private static String ofType(DeviceType type, int bit) {
        return switch (type) {
            case BLOCK -> BlkFeature.name(bit);
            case NETWORK -> NetFeature.name(bit);
            case SCSI_HOST -> ScsiFeature.name(bit);
            default -> null;
        };
    }

    private static String common(int bit) {
        return switch (bit) {
            case NOTIFY_ON_EMPTY -> "NOTIFY_ON_EMPTY";
            case VHOST_LOG_ALL -> "VHOST_LOG_ALL";
            case ANY_LAYOUT -> "ANY_LAYOUT";
            case INDIRECT_DESC -> "INDIRECT_DESC";
            case EVENT_IDX -> "EVENT_IDX";
            case VHOST_USER_PROTOCOL_FEATURES -> "VHOST_USER_PROTOCOL_FEATURES";
            case VERSION_1 -> "VERSION_1";
            case ACCESS_PLATFORM -> "ACCESS_PLATFORM";
            case RING_PACKED -> "RING_PACKED";
            case IN_ORDER -> "IN_ORDER";
            case ORDER_PLATFORM -> "ORDER_PLATFORM";
            case SR_IOV -> "SR_IOV";
            case NOTIFICATION_DATA -> "NOTIFICATION_DATA";
            case NOTIF_CONFIG_DATA -> "NOTIF_CONFIG_DATA";
            case RING_RESET -> "RING_RESET";
            case ADMIN_VQ -> "ADMIN_VQ";
            default -> null;
        };
    }
}
