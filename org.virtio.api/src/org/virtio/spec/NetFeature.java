// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/** Feature bits of the network device (VIRTIO 1.3, section 5.1.3). */
public final class NetFeature {
    /** The device takes packets with partial checksums. */
    public static final int CSUM = 0;
    /** The driver takes packets with partial checksums. */
    public static final int GUEST_CSUM = 1;
    /** Offloads can be changed through the control queue. */
    public static final int CTRL_GUEST_OFFLOADS = 2;
    /** {@code mtu} is valid. */
    public static final int MTU = 3;
    /** {@code mac} is valid. */
    public static final int MAC = 5;
    /** Legacy: the device takes packets of any GSO type (section 5.1.3.2). */
    public static final int GSO = 6;
    /** The driver can receive TSOv4. */
    public static final int GUEST_TSO4 = 7;
    /** The driver can receive TSOv6. */
    public static final int GUEST_TSO6 = 8;
    /** The driver can receive TSO with ECN. */
    public static final int GUEST_ECN = 9;
    /** The driver can receive UFO. */
    public static final int GUEST_UFO = 10;
    /** The device can receive TSOv4. */
    public static final int HOST_TSO4 = 11;
    /** The device can receive TSOv6. */
    public static final int HOST_TSO6 = 12;
    /** The device can receive TSO with ECN. */
    public static final int HOST_ECN = 13;
    /** The device can receive UFO. */
    public static final int HOST_UFO = 14;
    /** A packet may be received in several buffers. */
    public static final int MRG_RXBUF = 15;
    /** {@code status} is valid. */
    public static final int STATUS = 16;
    /** There is a control queue. */
    public static final int CTRL_VQ = 17;
    /** The control queue sets receive modes. */
    public static final int CTRL_RX = 18;
    /** The control queue filters VLANs. */
    public static final int CTRL_VLAN = 19;
    /** The control queue sets more receive modes. */
    public static final int CTRL_RX_EXTRA = 20;
    /** The driver can send gratuitous packets when asked to. */
    public static final int GUEST_ANNOUNCE = 21;
    /** More than one pair of queues; {@code max_virtqueue_pairs} is valid. */
    public static final int MQ = 22;
    /** The control queue sets the MAC address. */
    public static final int CTRL_MAC_ADDR = 23;
    /** The control queue tells statistics. */
    public static final int DEVICE_STATS = 50;
    /** Hashes of the inner headers of tunnels; {@code supported_tunnel_types} is valid. */
    public static final int HASH_TUNNEL = 51;
    /** Notifications of single queues can be coalesced. */
    public static final int VQ_NOTF_COAL = 52;
    /** Notifications can be coalesced. */
    public static final int NOTF_COAL = 53;
    /** The driver can receive USOv4. */
    public static final int GUEST_USO4 = 54;
    /** The driver can receive USOv6. */
    public static final int GUEST_USO6 = 55;
    /** The device can receive USO. */
    public static final int HOST_USO = 56;
    /** The device reports a hash with each packet; {@code supported_hash_types} is valid. */
    public static final int HASH_REPORT = 57;
    /** The driver tells the exact length of headers. */
    public static final int GUEST_HDRLEN = 59;
    /** Receive-side scaling; the fields about it are valid. */
    public static final int RSS = 60;
    /** The device reports coalesced segments and duplicated ACKs. */
    public static final int RSC_EXT = 61;
    /** The device may stand by for another with the same MAC address. */
    public static final int STANDBY = 62;
    /** {@code speed} and {@code duplex} are valid. */
    public static final int SPEED_DUPLEX = 63;

    private NetFeature() {
    }

    static String name(int bit) {
        return switch (bit) {
            case CSUM -> "NET_CSUM";
            case GUEST_CSUM -> "NET_GUEST_CSUM";
            case CTRL_GUEST_OFFLOADS -> "NET_CTRL_GUEST_OFFLOADS";
            case MTU -> "NET_MTU";
            case MAC -> "NET_MAC";
            case GSO -> "NET_GSO";
            case GUEST_TSO4 -> "NET_GUEST_TSO4";
            case GUEST_TSO6 -> "NET_GUEST_TSO6";
            case GUEST_ECN -> "NET_GUEST_ECN";
            case GUEST_UFO -> "NET_GUEST_UFO";
            case HOST_TSO4 -> "NET_HOST_TSO4";
            case HOST_TSO6 -> "NET_HOST_TSO6";
            case HOST_ECN -> "NET_HOST_ECN";
            case HOST_UFO -> "NET_HOST_UFO";
            case MRG_RXBUF -> "NET_MRG_RXBUF";
            case STATUS -> "NET_STATUS";
            case CTRL_VQ -> "NET_CTRL_VQ";
            case CTRL_RX -> "NET_CTRL_RX";
            case CTRL_VLAN -> "NET_CTRL_VLAN";
            case CTRL_RX_EXTRA -> "NET_CTRL_RX_EXTRA";
            case GUEST_ANNOUNCE -> "NET_GUEST_ANNOUNCE";
            case MQ -> "NET_MQ";
            case CTRL_MAC_ADDR -> "NET_CTRL_MAC_ADDR";
            case DEVICE_STATS -> "NET_DEVICE_STATS";
            case HASH_TUNNEL -> "NET_HASH_TUNNEL";
            case VQ_NOTF_COAL -> "NET_VQ_NOTF_COAL";
            case NOTF_COAL -> "NET_NOTF_COAL";
            case GUEST_USO4 -> "NET_GUEST_USO4";
            case GUEST_USO6 -> "NET_GUEST_USO6";
            case HOST_USO -> "NET_HOST_USO";
            case HASH_REPORT -> "NET_HASH_REPORT";
            case GUEST_HDRLEN -> "NET_GUEST_HDRLEN";
            case RSS -> "NET_RSS";
            case RSC_EXT -> "NET_RSC_EXT";
            case STANDBY -> "NET_STANDBY";
            case SPEED_DUPLEX -> "NET_SPEED_DUPLEX";
            default -> null;
        };
    }
}
