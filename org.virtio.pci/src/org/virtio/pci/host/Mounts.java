// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.virtio.pci.sysfs.KernelFiles;

/** What is mounted: proc(5), /proc/pid/mountinfo. A snapshot. */
final class Mounts {
    private static final Pattern LINE =
        Pattern.compile("\\d+ \\d+ (?<device>\\d+:\\d+) \\S+ (?<point>\\S+) .*? - (?<type>\\S+) (?<source>\\S*).*");
    private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");
    private static final int OCTAL = 8;

    private final List<Mount> all = new ArrayList<>();

    /**
     * A mount.
     *
     * @param device major and minor number, such as {@code 254:1}
     * @param point  where it is mounted
     * @param type   of the file system
     * @param source such as {@code /dev/vda1}
     */
    private record Mount(String device, String point, String type, String source) {
    }

    /** Also what the first process has, because this one may have been given mounts of its own. */
    Mounts(Path proc) {
        for (String process : List.of("self", "1")) {
            KernelFiles.text(proc.resolve(process).resolve("mountinfo")).lines().forEach(this::add);
        }
        all.sort(Comparator.comparingInt((Mount mount) -> mount.point.length()).thenComparing(Mount::point));
    }

    private void add(String line) {
        Matcher matcher = LINE.matcher(line);
        if (matcher.matches()) {
            all.add(new Mount(matcher.group("device"), unescape(matcher.group("point")), matcher.group("type"),
                unescape(matcher.group("source"))));
        }
    }

    /** Where a block device is mounted; null if nowhere. Of several places it is the one with the shortest path. */
    String ofBlock(String number, String node) {
        return find(mount -> mount.device.equals(number) || mount.source.equals(node));
    }

    /** Where a file system of that type is mounted, from that source if it is not null; null if nowhere. */
    String ofType(String type, String source) {
        return find(mount -> mount.type.equals(type) && (source == null || source.equals(mount.source)));
    }

    private String find(Predicate<Mount> which) {
        return all.stream().filter(which).findFirst().map(Mount::point).orElse(null);
    }

    static String unescape(String text) {
        return ESCAPE.matcher(text).replaceAll(match ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), OCTAL))));
    }
}
