// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.ops4j.pax.exam.CoreOptions.bundle;

import java.io.File;
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

/**
 * What a bundle exports in a bundle of its own. The first one imports it as well, and so takes it from there, as do those
 * that use it, a test among them: a refresh does not take those along then, and an update does not part it from them.
 */
public final class Contracts {
    private Contracts() {
    }

    /** Provides a package, the only one that a bundle exports, before all others, so that it is what they get. */
    public static Option apart(String symbolicName, String exported) throws IOException {
        Path jar = Files.createTempFile(exported, ".jar");
        jar.toFile().deleteOnExit();
        write(jar, Layout.ownBundles().stream().filter(own -> own.getFileName().toString().startsWith(symbolicName + "-"))
            .findFirst().orElseThrow().toFile(), exported.replace('.', '/') + "/");
        return bundle(jar.toUri().toString()).startLevel(1);
    }

    private static void write(Path jar, File bundle, String folder) throws IOException {
        try (JarFile from = new JarFile(bundle);
                OutputStream file = Files.newOutputStream(jar);
                JarOutputStream to = new JarOutputStream(file, manifest(from.getManifest().getMainAttributes()))) {
            for (JarEntry entry : from.stream().filter(each -> each.getName().matches(folder + "[^/]+")).toList()) {
                to.putNextEntry(new JarEntry(entry.getName()));
                from.getInputStream(entry).transferTo(to);
            }
        }
    }

    private static Manifest manifest(Attributes bundle) {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue("Bundle-ManifestVersion", "2");
        headers.putValue("Bundle-SymbolicName", bundle.getValue("Bundle-SymbolicName") + ".contracts");
        headers.putValue("Export-Package", bundle.getValue("Export-Package"));
        headers.putValue("DynamicImport-Package", "*");
        return manifest;
    }
}
