// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/**
 * Byte offsets of {@code struct virtio_net_config}, the network device's configuration space (VIRTIO 1.3, section 5.1.4).
 * All of it is read-only for the driver.
 *
 * <pre>
 *   0  u8   mac[6]                      16  u8   duplex
 *   6  le16 status                      17  u8   rss_max_key_size
 *   8  le16 max_virtqueue_pairs         18  le16 rss_max_indirection_table_length
 *  10  le16 mtu                         20  le32 supported_hash_types
 *  12  le32 speed                       24  le32 supported_tunnel_types
 * </pre>
 */
public final class NetConfigLayout {
    /** Bytes in a MAC address. */
    public static final int MAC_SIZE = 6;
    /** The bit of {@link #STATUS} that says that the link is up. */
    public static final int S_LINK_UP = 1;
    /** The bit of {@link #STATUS} by which the device asks for gratuitous packets; with {@link NetFeature#GUEST_ANNOUNCE}. */
    public static final int S_ANNOUNCE = 2;
    /** The value of {@link #DUPLEX} for full duplex. */
    public static final int DUPLEX_FULL = 1;
    /** The greatest {@link #SPEED} that is a speed; what is above is not known. */
    public static final int MAX_SPEED = 0x7fffffff;

    /** {@link #MAC_SIZE} bytes in the order in which they are sent; with {@link NetFeature#MAC}. */
    public static final int MAC = 0;
    /** le16, of {@link #S_LINK_UP} and {@link #S_ANNOUNCE}; with {@link NetFeature#STATUS}. */
    public static final int STATUS = 6;
    /** le16, 1 to 0x8000; with {@link NetFeature#MQ} or {@link NetFeature#RSS}. */
    public static final int MAX_VIRTQUEUE_PAIRS = 8;
    /** le16, in bytes without Ethernet's header, 68 to 65535; with {@link NetFeature#MTU}. */
    public static final int MTU = 10;
    /** le32, in Mbit/s, up to {@link #MAX_SPEED}; with {@link NetFeature#SPEED_DUPLEX}. */
    public static final int SPEED = 12;
    /** u8, 0 is half duplex and {@link #DUPLEX_FULL} is full, all else is not known; with {@link NetFeature#SPEED_DUPLEX}. */
    public static final int DUPLEX = 16;
    /** u8, in bytes; with {@link NetFeature#RSS} or {@link NetFeature#HASH_REPORT}. */
    public static final int RSS_MAX_KEY_SIZE = 17;
    /** le16, in entries; with {@link NetFeature#RSS}. */
    public static final int RSS_MAX_INDIRECTION_TABLE_LENGTH = 18;
    /** le32, a bit for each type; with {@link NetFeature#RSS} or {@link NetFeature#HASH_REPORT}. */
    public static final int SUPPORTED_HASH_TYPES = 20;
    /** le32, a bit for each type; with {@link NetFeature#HASH_TUNNEL}. */
    public static final int SUPPORTED_TUNNEL_TYPES = 24;
    /** Bytes in all. */
    public static final int SIZE = 28;

    private NetConfigLayout() {
    }
}
