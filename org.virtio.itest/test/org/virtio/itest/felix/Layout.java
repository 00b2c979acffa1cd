// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The release layout that the tests are about. */
public final class Layout {
    private Layout() {
    }

    /** Its directory, which the build names. */
    public static Path home() {
        String home = System.getProperty("virtio.layout");
        if (home == null || !Files.isDirectory(Path.of(home, "bundle"))) {
            throw new AssertionError("virtio.layout is " + home + ", which is no release layout; build org.virtio.dist first");
        }
        return Path.of(home);
    }

    /** All bundles but the prompt, and the one that reads files, which unless it is configured makes a directory to watch. */
    public static List<Path> bundles() {
        Path bundles = home().resolve("bundle");
        return jars(bundles).stream().filter(jar -> !jar.startsWith(bundles.resolve("prompt"))
            && !jar.endsWith("org.apache.felix.fileinstall.jar")).toList();
    }

    /** Bundles that the layout does not have, and that this project's work with: those of one kind. */
    public static List<Path> optional(String kind) {
        return jars(Path.of(System.getProperty("virtio.test.optional"), kind));
    }

    /** This project's own bundles. */
    public static List<Path> ownBundles() {
        return bundles().stream().filter(bundle -> bundle.getFileName().toString().startsWith("org.virtio.")).toList();
    }

    /** The jars in a directory and below. */
    public static List<Path> jars(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
