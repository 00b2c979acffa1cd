// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.ops4j.pax.exam.CoreOptions.bundle;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.ops4j.pax.exam.Option;
import org.virtio.itest.felix.Layout;

/**
 * The package of access paths in a bundle of its own. The transport, which has it too, takes it from there, and so does who
 * has a path to offer: a refresh of the transport does not take those along then, and its update does not part it from them.
 */
final class PciContracts {
    private static final String PACKAGE = "org.virtio.pci.access";
    private static final String FOLDER = PACKAGE.replace('.', '/') + "/";

    private PciContracts() {
    }

    /** Provides it before all others, so that it is what they get. */
    static Option apart() throws IOException {
        Path jar = Files.createTempFile(PACKAGE, ".jar");
        jar.toFile().deleteOnExit();
        write(jar, Layout.ownBundles().stream().filter(own -> own.getFileName().toString().startsWith("org.virtio.pci"))
            .findFirst().orElseThrow());
        return bundle(jar.toUri().toString()).startLevel(1);
    }

    private static void write(Path jar, Path transport) throws IOException {
        try (JarFile from = new JarFile(transport.toFile());
                OutputStream file = Files.newOutputStream(jar);
                JarOutputStream to = new JarOutputStream(file, manifest(from.getManifest().getMainAttributes()))) {
            for (JarEntry entry : from.stream().filter(each -> each.getName().startsWith(FOLDER)).toList()) {
                to.putNextEntry(new JarEntry(entry.getName()));
                from.getInputStream(entry).transferTo(to);
            }
        }
    }

    private static Manifest manifest(Attributes transport) {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue("Bundle-ManifestVersion", "2");
        headers.putValue("Bundle-SymbolicName", PACKAGE);
        headers.putValue("Export-Package", transport.getValue("Export-Package"));
        headers.putValue("Import-Package", "org.virtio.memory,org.virtio.posix,org.virtio.transport");
        return manifest;
    }
}
