// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/**
 * Byte offsets of {@code struct virtio_scsi_config}, the SCSI host device's configuration space (VIRTIO 1.3, section 5.6.4).
 * All fields are always valid; the driver may write {@code sense_size} and {@code cdb_size} alone.
 *
 * <pre>
 *   0  le32 num_queues                  20  le32 sense_size
 *   4  le32 seg_max                     24  le32 cdb_size
 *   8  le32 max_sectors                 28  le16 max_channel
 *  12  le32 cmd_per_lun                 30  le16 max_target
 *  16  le32 event_info_size             32  le32 max_lun
 * </pre>
 */
public final class ScsiConfigLayout {
    /** le32: how many request queues there are, after the control and the event queue. */
    public static final int NUM_QUEUES = 0;
    /** le32: the most segments of a command, in each direction. */
    public static final int SEG_MAX = 4;
    /** le32, in sectors of 512 bytes: a hint at the greatest transfer to ask for. */
    public static final int MAX_SECTORS = 8;
    /** le32: the most linked commands that a logical unit can be given. */
    public static final int CMD_PER_LUN = 12;
    /** le32, in bytes: what the device fills of a buffer of the event queue at the most. */
    public static final int EVENT_INFO_SIZE = 16;
    /** le32, in bytes: how much sense data the device writes at the most; 96 after a reset. */
    public static final int SENSE_SIZE = 20;
    /** le32, in bytes: how long a request's CDB is; 32 after a reset. */
    public static final int CDB_SIZE = 24;
    /** le16: the greatest channel to look for logical units at, a hint. */
    public static final int MAX_CHANNEL = 28;
    /** le16: the greatest target, likewise. */
    public static final int MAX_TARGET = 30;
    /** le32: the greatest logical unit, likewise. */
    public static final int MAX_LUN = 32;
    /** Bytes in all. */
    public static final int SIZE = 36;

    private ScsiConfigLayout() {
    }
}
