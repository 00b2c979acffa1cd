// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.List;
import java.util.function.LongFunction;
import org.virtio.shell.print.Units;
import org.virtio.spec.NetConfigLayout;
import org.virtio.spec.NetFeature;

/** The network device's configuration space (VIRTIO 1.3, section 5.1.4). */
final class NetConfig {
    private static final LongFunction<String> TYPES = value -> "0x" + Long.toHexString(value);

    static final List<ConfigField> FIELDS = List.of(
        ConfigField.of(NetConfigLayout.MAC, NetConfigLayout.MAC_SIZE, "mac", NetFeature.MAC),
        ConfigField.of(NetConfigLayout.STATUS, 2, "status", NetConfig::status, NetFeature.STATUS),
        ConfigField.of(NetConfigLayout.MAX_VIRTQUEUE_PAIRS, 2, "max_virtqueue_pairs", NetFeature.MQ, NetFeature.RSS),
        ConfigField.of(NetConfigLayout.MTU, 2, "mtu", NetFeature.MTU),
        ConfigField.of(NetConfigLayout.SPEED, 4, "speed",
            value -> value > NetConfigLayout.MAX_SPEED ? "not known" : "Mbit/s", NetFeature.SPEED_DUPLEX),
        ConfigField.of(NetConfigLayout.DUPLEX, 1, "duplex", NetConfig::duplex, NetFeature.SPEED_DUPLEX),
        ConfigField.of(NetConfigLayout.RSS_MAX_KEY_SIZE, 1, "rss_max_key_size", Units::bytes,
            NetFeature.RSS, NetFeature.HASH_REPORT),
        ConfigField.of(NetConfigLayout.RSS_MAX_INDIRECTION_TABLE_LENGTH, 2, "rss_max_indirection_table_length",
            NetFeature.RSS),
        ConfigField.of(NetConfigLayout.SUPPORTED_HASH_TYPES, 4, "supported_hash_types", TYPES,
            NetFeature.RSS, NetFeature.HASH_REPORT),
        ConfigField.of(NetConfigLayout.SUPPORTED_TUNNEL_TYPES, 4, "supported_tunnel_types", TYPES, NetFeature.HASH_TUNNEL));

    private NetConfig() {
    }

    private static String status(long value) {
        return ((value & NetConfigLayout.S_LINK_UP) == 0 ? "link down" : "link up")
            + ((value & NetConfigLayout.S_ANNOUNCE) == 0 ? "" : ", asks for announcements");
    }

    private static String duplex(long value) {
        return value == 0 ? "half" : value == NetConfigLayout.DUPLEX_FULL ? "full" : "not known";
    }
}
