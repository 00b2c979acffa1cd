// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the small files, links and directories of sysfs and procfs. They may go at any time and some are for root alone, so
 * that what is not there, cannot be read or is not of the form expected is all the same: absent.
 */
public final class KernelFiles {
    private static final String HEX_PREFIX = "0x";
    private static final int HEX_DIGITS = 7;
    private static final int HEX = 16;

    private KernelFiles() {
    }

    /** All bytes of a file; none if it cannot be read. */
    public static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            return new byte[0];
        }
    }

    /** A file's text without white space around it; empty if it cannot be read. */
    public static String text(Path file) {
        return new String(bytes(file), StandardCharsets.UTF_8).strip();
    }

    /** A number such as {@code 0x1af4}; -1 if there is none. */
    public static int hex(Path file) {
        String text = text(file);
        if (!text.startsWith(HEX_PREFIX) || text.length() > HEX_PREFIX.length() + HEX_DIGITS) {
            return -1;
        }
        try {
            return Integer.parseUnsignedInt(text.substring(HEX_PREFIX.length()), HEX);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** A count such as {@code 64}; -1 if there is none. */
    public static long number(Path file) {
        try {
            return Long.parseLong(text(file));
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** The last name in what a link points to, such as the driver that a function is bound to; null if it is no link. */
    public static String target(Path link) {
        try {
            Path name = Files.readSymbolicLink(link).getFileName();
            return name == null ? null : name.toString();
        } catch (IOException e) {
            return null;
        }
    }

    /** What is in a directory, by name; nothing if it cannot be read. */
    public static List<Path> children(Path directory) {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(children::add);
        } catch (IOException | DirectoryIteratorException e) {
            return List.of();
        }
        children.sort(null);
        return children;
    }

    /** What a path is when all links in it are followed; as it is if that cannot be done. */
    public static String real(Path path) {
        try {
            return path.toRealPath().toString();
        } catch (IOException e) {
            return path.toString();
        }
    }

    /** The last name of a path. */
    public static String name(Path path) {
        return path.getFileName().toString();
    }
}
