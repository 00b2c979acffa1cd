// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where a device is and how to open it, written as a URI: {@code scheme:location?option=value&option=value}, such as
 * {@code vhost-user:/run/vhost.sock?type=blk&queues=2} or {@code pci:0000:00:05.0}. Immutable.
 */
public final class DeviceAddress {
    /**
     * Options that every scheme has, because the stack itself acts on them; a provider adds its own to these when it
     * calls {@link #checkOptions}. {@code size}: the greatest queue size wanted, for split rings a power of two.
     * {@code memory}: MiB per region of shared memory. {@code hugepages}: {@code true} to back it by huge pages.
     * {@code packed}, {@code event_idx}, {@code in_order}: {@code off} to do without that feature. {@code indirect}:
     * {@code off}, or the number of descriptors above which a request uses an indirect table. {@code grace}: seconds for which a
     * device that has lost its transport is kept as it is. {@code readonly}: {@code on} to write nothing to it. {@code mode}:
     * {@code poll}, so that the threads that wait for the device never sleep, or {@code wait}.
     */
    public static final Set<String> COMMON_OPTIONS = Set.of("name", "size", "memory", "hugepages", "packed", "event_idx",
        "in_order", "indirect", "grace", "readonly", "mode");

    private final String scheme;
    private final String location;
    private final Map<String, String> options;

    private DeviceAddress(String scheme, String location, Map<String, String> options) {
        this.scheme = scheme;
        this.location = location;
        this.options = options;
    }

    /**
     * Parses an address.
     *
     * @throws IllegalArgumentException naming what is wrong and what was expected
     */
    public static DeviceAddress parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 1 || !text.substring(0, colon).matches("[a-z][a-z0-9-]*")) {
            throw new IllegalArgumentException("'" + text
                + "' is no device address; expected scheme:location, such as vhost-user:/run/vhost.sock");
        }
        int question = text.indexOf('?', colon);
        String location = text.substring(colon + 1, question < 0 ? text.length() : question);
        if (location.isEmpty()) {
            throw new IllegalArgumentException("'" + text + "' has no location after its scheme");
        }
        return new DeviceAddress(text.substring(0, colon), location,
            question < 0 ? Map.of() : parseOptions(text, text.substring(question + 1)));
    }

    private static Map<String, String> parseOptions(String text, String query) {
        Map<String, String> options = new LinkedHashMap<>();
        for (String option : query.split("&", -1)) {
            int equals = option.indexOf('=');
            if (equals < 1 || equals == option.length() - 1) {
                throw new IllegalArgumentException("'" + option + "' in '" + text + "' is no option; expected name=value");
            }
            if (options.put(option.substring(0, equals), option.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("option '" + option.substring(0, equals) + "' stands twice in '" + text + "'");
            }
        }
        return options;
    }

    /** The transport, such as {@code vhost-user}. */
    public String scheme() {
        return scheme;
    }

    /** What follows the scheme, without options: a path, a PCI address. Not empty. */
    public String location() {
        return location;
    }

    /** An option's value, or a default. */
    public String option(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    /**
     * A number among the options, or a default.
     *
     * @throws IllegalArgumentException naming the option and its range if it is no number from {@code min} to {@code max}
     */
    public int option(String name, int otherwise, int min, int max) {
        String value = options.get(name);
        if (value == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Falls through to the one message that covers both.
        }
        throw new IllegalArgumentException("option " + name + "=" + value + " is not a number from " + min + " to " + max);
    }

    /**
     * Refuses options that nobody knows.
     *
     * @throws IllegalArgumentException naming the unknown option and the known ones
     */
    public void checkOptions(Set<String> known) {
        for (String name : options.keySet()) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                    "unknown option '" + name + "' for " + scheme + "; known are " + new TreeSet<>(known));
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DeviceAddress address && toString().equals(address.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    /** The address as {@link #parse} takes it. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(scheme).append(':').append(location);
        char separator = '?';
        for (Map.Entry<String, String> option : options.entrySet()) {
            text.append(separator).append(option.getKey()).append('=').append(option.getValue());
            separator = '&';
        }
        return text.toString();
    }
}
