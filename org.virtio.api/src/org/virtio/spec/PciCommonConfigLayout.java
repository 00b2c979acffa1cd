// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/**
 * Byte offsets of {@code struct virtio_pci_common_cfg} (VIRTIO 1.3, section 4.1.4.3). Each field is accessed in its own width,
 * those of 64 bits as two of 32 (section 4.1.3.1).
 *
 * <pre>
 *   0  le32 device_feature_select    4  le32 device_feature
 *   8  le32 driver_feature_select   12  le32 driver_feature
 *  16  le16 config_msix_vector      18  le16 num_queues
 *  20  u8   device_status           21  u8   config_generation
 *  22  le16 queue_select            24  le16 queue_size
 *  26  le16 queue_msix_vector       28  le16 queue_enable
 *  30  le16 queue_notify_off
 *  32  le64 queue_desc              40  le64 queue_driver         48  le64 queue_device
 *  56  le16 queue_notif_config_data 58  le16 queue_reset
 *  60  le16 admin_queue_index       62  le16 admin_queue_num
 * </pre>
 */
public final class PciCommonConfigLayout {
    /** le32: which 32 bits {@link #DEVICE_FEATURE} shows. */
    public static final int DEVICE_FEATURE_SELECT = 0;
    /** le32, read-only. */
    public static final int DEVICE_FEATURE = 4;
    /** le32: which 32 bits {@link #DRIVER_FEATURE} is. */
    public static final int DRIVER_FEATURE_SELECT = 8;
    /** le32. */
    public static final int DRIVER_FEATURE = 12;
    /** le16: the MSI-X vector of configuration changes, or {@link #NO_VECTOR}. */
    public static final int CONFIG_MSIX_VECTOR = 16;
    /** le16, read-only. */
    public static final int NUM_QUEUES = 18;
    /** u8: {@link DeviceStatus}. */
    public static final int DEVICE_STATUS = 20;
    /** u8, read-only. */
    public static final int CONFIG_GENERATION = 21;
    /** le16: which queue the fields below are about. */
    public static final int QUEUE_SELECT = 22;
    /** le16: after a reset the greatest size; 0 if there is no such queue. */
    public static final int QUEUE_SIZE = 24;
    /** le16: the MSI-X vector of the queue, or {@link #NO_VECTOR}. */
    public static final int QUEUE_MSIX_VECTOR = 26;
    /** le16: 1 if it is enabled; a driver never writes 0. */
    public static final int QUEUE_ENABLE = 28;
    /** le16, read-only: counts by {@code notify_off_multiplier}. */
    public static final int QUEUE_NOTIFY_OFF = 30;
    /** le64: device address of the descriptor area. */
    public static final int QUEUE_DESC = 32;
    /** le64: device address of the driver area. */
    public static final int QUEUE_DRIVER = 40;
    /** le64: device address of the device area. */
    public static final int QUEUE_DEVICE = 48;
    /** Bytes up to here are there in every device. */
    public static final int MIN_SIZE = 56;
    /** le16, read-only, with NOTIF_CONFIG_DATA: by what the queue is called in notifications. */
    public static final int QUEUE_NOTIF_CONFIG_DATA = 56;
    /** le16, with RING_RESET: 1 starts a reset of the queue, which is complete when it reads 0. */
    public static final int QUEUE_RESET = 58;

    /** The value of a vector field for no interrupt, or for one that could not be had. */
    public static final int NO_VECTOR = 0xffff;

    private PciCommonConfigLayout() {
    }
}
