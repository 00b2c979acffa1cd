// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.HexFormat;
import java.util.function.LongFunction;
import org.virtio.device.ConfigSpace;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;

/**
 * A field of a device type's configuration space.
 *
 * @param bytes    1, 2, 4 or 8 for a number; other lengths are addresses, shown as octets
 * @param features any of which makes it valid; none if it always is
 * @param meaning  what a number means, where it does not say that itself
 */
record ConfigField(int offset, int bytes, String name, FeatureSet features, LongFunction<String> meaning) {
    static final LongFunction<String> NO_MEANING = value -> "";

    private static final HexFormat OCTETS = HexFormat.ofDelimiter(":");

    static ConfigField of(int offset, int bytes, String name, LongFunction<String> meaning, int... features) {
        return new ConfigField(offset, bytes, name, FeatureSet.of(features), meaning);
    }

    static ConfigField of(int offset, int bytes, String name, int... features) {
        return of(offset, bytes, name, NO_MEANING, features);
    }

    boolean isValid(FeatureSet offered) {
        return features.isEmpty() || !features.and(offered).isEmpty();
    }

    ConfigFieldDTO read(ConfigSpace space) throws VirtioException {
        ConfigFieldDTO field = new ConfigFieldDTO();
        field.offset = offset;
        field.name = name;
        switch (bytes) {
            case 1 -> number(field, space.readU8(offset));
            case 2 -> number(field, space.readU16(offset));
            case 4 -> number(field, space.readU32(offset));
            case 8 -> number(field, space.readU64(offset));
            default -> field.value = OCTETS.formatHex(space.read(offset, bytes));
        }
        return field;
    }

    private void number(ConfigFieldDTO field, long value) {
        field.value = value;
        field.meaning = meaning.apply(value);
    }
}
