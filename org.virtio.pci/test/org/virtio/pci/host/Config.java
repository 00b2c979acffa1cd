// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.util.Arrays;

/** Configuration spaces: the first bytes as the PCI specification has them, and capabilities from 0x40 on. */
final class Config {
    private static final int SIZE = 256;

    private Config() {
    }

    /** A function that is virtio and has these capabilities, each of four bytes: ID, where the next is, length, type. */
    static byte[] of(int... capabilities) {
        byte[] config = new byte[SIZE];
        config[0] = (byte) 0xf4;
        config[1] = 0x1a;
        config[6] = 0x10;
        config[0x34] = 0x40;
        for (int i = 0; i < capabilities.length; i++) {
            config[0x40 + i] = (byte) capabilities[i];
        }
        return config;
    }

    /** MSI-X first, then a structure that only others need, then the common configuration. */
    static byte[] modern() {
        return of(0x11, 0x44, 0, 0, 9, 0x48, 20, 5, 9, 0, 16, 1);
    }

    static byte[] legacy() {
        return of(0x11, 0, 0, 0);
    }

    static byte[] withoutCapabilities() {
        byte[] config = legacy();
        config[6] = 0;
        return config;
    }

    /** What those who are not root see of it. */
    static byte[] header(byte[] config) {
        return Arrays.copyOf(config, 64);
    }

    static byte[] allOnes() {
        byte[] config = new byte[SIZE];
        Arrays.fill(config, (byte) -1);
        return config;
    }
}
