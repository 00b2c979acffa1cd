// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.osgi.framework.Constants;
import org.virtio.core.device.DeviceNaming;
import org.virtio.core.device.DeviceOptions;
import org.virtio.device.DeviceAddress;
import org.virtio.spec.DeviceType;
import org.virtio.spec.PackedRingLayout;

/**
 * What a configuration says: a device's name and its address, with all properties among its options.
 *
 * @param name    as a registry takes it
 * @param address with options that are in range, as far as all transports have them
 */
record Declaration(String name, DeviceAddress address) {
    /** The factory PID. */
    static final String PID = "org.virtio.device";
    /** Of any device (VIRTIO 1.3, section 2.6); a transport may have fewer. */
    static final int MAX_QUEUES = 65_535;

    /** Where Felix File Install puts the URI of the file that it has read a configuration from. */
    private static final String FILE = "felix.fileinstall.filename";
    private static final String NAME = "name";
    private static final String ADDRESS = "address";

    /** The option that a property becomes, and what its value becomes. */
    private record Translation(String option, UnaryOperator<String> value) {
    }

    /** By the property's name; Configuration Admin knows no difference between upper and lower case in it. */
    private static final Map<String, Translation> TRANSLATIONS = caseless(Map.of(
        "type", new Translation("type", value -> type(value)),
        "queues", new Translation("queues", value -> number("queues", value, 1, MAX_QUEUES)),
        "size", new Translation("size", value -> number("size", value, 1, PackedRingLayout.MAX_SIZE)),
        "grace", new Translation("grace", value -> number("grace", value, 0, DeviceOptions.MAX_GRACE_SECONDS)),
        "mode", new Translation("mode", value -> either("mode", value, "wait", "poll")),
        "readOnly", new Translation("readonly", value -> onIfTrue("readOnly", value))));

    /**
     * Reads a configuration.
     *
     * @param properties also those that others add, which have a dot or a colon in their names
     * @throws IllegalArgumentException naming the property, its value, and what is accepted
     */
    static Declaration of(Map<String, ?> properties) {
        Map<String, String> texts = texts(properties);
        DeviceAddress given = address(texts);
        StringBuilder address = new StringBuilder(given.toString());
        char separator = address.indexOf("?") < 0 ? '?' : '&';
        for (Map.Entry<String, Translation> entry : TRANSLATIONS.entrySet()) {
            Translation translation = entry.getValue();
            String value = texts.get(entry.getKey());
            if (value != null) {
                refuseTwice(entry.getKey(), translation.option(), given);
                address.append(separator).append(translation.option()).append('=').append(translation.value().apply(value));
                separator = '&';
            }
        }
        DeviceAddress complete = DeviceAddress.parse(address.toString());
        DeviceOptions.of(complete);
        return new Declaration(name(texts, given, properties), complete);
    }

    /** All that is in the configuration as text. What is empty counts as not there: forms leave it so. */
    private static Map<String, String> texts(Map<String, ?> properties) {
        Map<String, String> texts = caseless(Map.of());
        List<String> unknown = new ArrayList<>();
        for (Map.Entry<String, ?> property : properties.entrySet()) {
            String key = property.getKey();
            if (key.equalsIgnoreCase(NAME) || key.equalsIgnoreCase(ADDRESS) || TRANSLATIONS.containsKey(key)) {
                String text = text(key, property.getValue());
                if (!text.isEmpty()) {
                    texts.put(key, text);
                }
            } else if (key.indexOf('.') < 0 && key.indexOf(':') < 0) {
                unknown.add(key);
            }
        }
        if (!unknown.isEmpty()) {
            TreeSet<String> known = new TreeSet<>(TRANSLATIONS.keySet());
            known.addAll(List.of(NAME, ADDRESS));
            throw new IllegalArgumentException(new TreeSet<>(unknown) + " is unknown; known are " + known
                + "; other options stand in the address");
        }
        return texts;
    }

    private static String text(String key, Object value) {
        if (value instanceof Collection || value.getClass().isArray()) {
            int count = value instanceof Collection<?> values ? values.size() : Array.getLength(value);
            throw new IllegalArgumentException(key + " has a list of " + count + " values; expected a single one");
        }
        return value.toString().strip();
    }

    private static DeviceAddress address(Map<String, String> texts) {
        String text = texts.get(ADDRESS);
        if (text == null) {
            throw new IllegalArgumentException(
                "address is missing; expected scheme:location, such as vhost-user:/run/vhost.sock");
        }
        try {
            return DeviceAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("address: " + e.getMessage(), e);
        }
    }

    private static String name(Map<String, String> texts, DeviceAddress address, Map<String, ?> properties) {
        String name = texts.get(NAME);
        if (name != null) {
            refuseTwice(NAME, NAME, address);
        } else {
            name = address.option(NAME, preset(properties));
        }
        if (name == null) {
            throw new IllegalArgumentException("name is missing, and the PID " + properties.get(Constants.SERVICE_PID)
                + " has none; expected " + DeviceNaming.RANGE + ", or a PID such as " + PID + "~disk0");
        }
        if (!name.matches(DeviceNaming.PATTERN)) {
            throw new IllegalArgumentException("name=" + name + " is not " + DeviceNaming.RANGE);
        }
        return name;
    }

    /** Karaf's commands have Configuration Admin make up a PID, and put the name into that of the file. */
    private static String preset(Map<String, ?> properties) {
        String named = nameOf(String.valueOf(properties.get(Constants.SERVICE_PID)));
        String uri = String.valueOf(properties.get(FILE));
        String file = uri.substring(uri.lastIndexOf('/') + 1);
        return named != null ? named : nameOf(file.substring(0, Math.max(0, file.lastIndexOf('.'))));
    }

    /** What Configuration Admin makes up stands behind a dot. */
    private static String nameOf(String pid) {
        int at = PID.length();
        boolean named = pid.startsWith(PID) && pid.length() > at + 1 && (pid.charAt(at) == '~' || pid.charAt(at) == '-');
        return named ? pid.substring(at + 1) : null;
    }

    private static void refuseTwice(String key, String option, DeviceAddress address) {
        String other = address.option(option, null);
        if (other != null) {
            throw new IllegalArgumentException(key + " stands twice: as a property, and as " + option + "=" + other
                + " in the address; expected one of them");
        }
    }

    private static String type(String value) {
        try {
            return DeviceType.of(value).shortName();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("type: " + e.getMessage(), e);
        }
    }

    private static String number(String key, String value, int min, int max) {
        try {
            int number = Integer.parseInt(value);
            if (number >= min && number <= max) {
                return Integer.toString(number);
            }
        } catch (NumberFormatException e) {
            // Falls through to the one message that covers both.
        }
        throw new IllegalArgumentException(key + "=" + value + " is not a number from " + min + " to " + max);
    }

    private static String either(String key, String value, String one, String other) {
        if (!value.equals(one) && !value.equals(other)) {
            throw new IllegalArgumentException(key + "=" + value + " is neither " + one + " nor " + other);
        }
        return value;
    }

    private static String onIfTrue(String key, String value) {
        return either(key, value, "true", "false").equals("true") ? "on" : "off";
    }

    private static <V> Map<String, V> caseless(Map<String, V> map) {
        Map<String, V> caseless = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        caseless.putAll(map);
        return caseless;
    }

    /**
     * Whether a device of that declaration can go on as one of this: then nothing but its place, or how long it waits for it,
     * has changed. All else was settled when it was opened.
     */
    boolean isMoveOf(Declaration before) {
        return name.equals(before.name) && settled().equals(before.settled());
    }

    private Set<String> settled() {
        String text = address.toString();
        String options = text.substring(text.indexOf('?') + 1);
        return text.equals(options) ? Set.of()
            : Stream.of(options.split("&")).filter(option -> !option.startsWith("grace=")).collect(Collectors.toSet());
    }
}
