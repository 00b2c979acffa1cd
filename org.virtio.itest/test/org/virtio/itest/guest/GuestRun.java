// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.guest;

import java.util.stream.Stream;

/**
 * How a script ended in a machine.
 *
 * @param status its exit status
 * @param output all that it printed
 */
record GuestRun(int status, String output) {
    private static final String HEADING = "== ";

    /** The line {@code == name} and what was printed below it. */
    String part(String name) {
        String parts = "\n" + output;
        String heading = "\n" + HEADING + name + "\n";
        int start = parts.indexOf(heading);
        if (start < 0) {
            throw new AssertionError("the machine's output has no part " + name + ":\n" + output);
        }
        int next = parts.indexOf("\n" + HEADING, start + 1);
        return parts.substring(start + 1, next < 0 ? parts.length() : next);
    }

    /** How often interrupts came, by the lines of /proc/interrupts in a part that end in a name. */
    long interrupts(String part, String name) {
        return part(part).lines().filter(line -> line.endsWith(name)).flatMap(line -> Stream.of(line.split(" +")))
            .filter(field -> field.matches("\\d+")).mapToLong(Long::parseLong).sum();
    }

    /** A number in a part that is /proc/meminfo, such as that of {@code HugePages_Free}. */
    long memory(String part, String name) {
        return part(part).lines().filter(line -> line.startsWith(name + ":")).findFirst()
            .map(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .orElseThrow(() -> new AssertionError("no " + name + " in " + part(part)));
    }
}
