// SPDX-License-Identifier: Apache-2.0
package org.virtio.karaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import net.bytebuddy.ByteBuddy;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.karaf.swap.SwapCommand;

/** What {@link org.virtio.itest.swap.TransportSwaps} says, in Karaf, with the features as they come from the KAR. */
class TransportSwapTest {
    private static final int SWAPS = Integer.getInteger("virtio.test.swaps");

    @TempDir
    private Path directory;

    @Test
    void nothingIsLostHoweverTheTransportGoesAndComes() throws Exception {
        Path sockets = Files.createDirectory(directory.resolve("s"));
        try (Karaf karaf = new Karaf(directory)) {
            assertThat(karaf.run("kar:install file:" + System.getProperty("virtio.kar"))).isEmpty();
            assertThat(karaf.run("feature:install virtio-user virtio-blk virtio-target")).isEmpty();
            assertThat(karaf.run("bundle:install -s file:" + jarOf(ByteBuddy.class) + " file:" + jarOf(Assertions.class)
                + " file:" + testBundle())).contains("Bundle IDs:");
            // A second for each is many times what it takes.
            String output = karaf.run("test:swaps " + sockets + " " + SWAPS, Prompt.LIMIT_SECONDS + SWAPS);
            assertThat(output).startsWith(SWAPS + " swaps; pauses");
            System.out.println("in Karaf: " + output);
        }
    }

    private static Path jarOf(Class<?> type) throws Exception {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** A bundle of all test classes, which finds what they use in whatever bundle has it. */
    private Path testBundle() throws Exception {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue("Bundle-ManifestVersion", "2");
        headers.putValue("Bundle-SymbolicName", "org.virtio.karaf.swap");
        headers.putValue("Bundle-Activator", SwapCommand.class.getName());
        headers.putValue("DynamicImport-Package", "*");
        Path jar = directory.resolve("test.jar");
        Path classes = jarOf(SwapCommand.class);
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest);
                Stream<Path> all = Files.walk(classes)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                add(out, classes.relativize(path), path);
            }
        }
        return jar;
    }

    private static void add(JarOutputStream out, Path name, Path content) throws IOException {
        out.putNextEntry(new JarEntry(name.toString()));
        Files.copy(content, out);
    }
}
