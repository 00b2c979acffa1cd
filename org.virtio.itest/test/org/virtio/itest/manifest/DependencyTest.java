// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.itest.felix.Layout;

/** The directions of dependency, from the manifests of the bundles as they were built; and that this test sees a wrong one. */
class DependencyTest {
    @Test
    void builtBundlesImportOnlyWhatTheyMay() throws IOException {
        List<Manifest> bundles = builtManifests();
        assertThat(bundles).extracting(ImportRules::name).containsExactly("org.virtio.api", "org.virtio.blk", "org.virtio.core",
            "org.virtio.pci", "org.virtio.posix", "org.virtio.shell", "org.virtio.target", "org.virtio.user");
        assertThat(ImportRules.violations(bundles)).isEmpty();
    }

    @Test
    void apiHasNoClassThatIsAComponentOrAnActivator() throws IOException {
        Manifest api = builtManifests().get(0);
        assertThat(api.getMainAttributes().getValue("Bundle-Activator")).isNull();
        assertThat(api.getMainAttributes().getValue("Service-Component")).isNull();
    }

    @Test
    void targetCarriesItsOwnCopyOfTheCodec() throws IOException {
        Path jar = Layout.ownBundles().stream().filter(bundle -> bundle.getFileName().toString().startsWith("org.virtio.target"))
            .findFirst().orElseThrow();
        try (JarFile file = new JarFile(jar.toFile())) {
            assertThat(file.stream().map(JarEntry::getName)).contains("org/virtio/user/message/Message.class");
        }
    }

    static Stream<Object[]> planted() {
        return Stream.of(
            planted("org.virtio.blk", "org.virtio.core.queue", "org.virtio.blk imports org.virtio.core.queue of org.virtio.core"),
            planted("org.virtio.blk", "org.virtio.posix", "org.virtio.blk imports org.virtio.posix of org.virtio.posix"),
            planted("org.virtio.core", "org.virtio.blk", "org.virtio.core imports org.virtio.blk of org.virtio.blk"),
            planted("org.virtio.core", "org.virtio.user", "org.virtio.core imports org.virtio.user of org.virtio.user"),
            planted("org.virtio.user", "org.virtio.core.queue",
                "org.virtio.user imports org.virtio.core.queue of org.virtio.core"),
            planted("org.virtio.pci", "org.virtio.user", "org.virtio.pci imports org.virtio.user of org.virtio.user"),
            planted("org.virtio.pci", "org.virtio.core.queue", "org.virtio.pci imports org.virtio.core.queue of org.virtio.core"),
            planted("org.virtio.shell", "org.virtio.pci.access",
                "org.virtio.shell imports org.virtio.pci.access of org.virtio.pci"),
            planted("org.virtio.target", "org.virtio.user", "org.virtio.target imports org.virtio.user of org.virtio.user"),
            planted("org.virtio.shell", "org.virtio.posix", "org.virtio.shell imports org.virtio.posix of org.virtio.posix"),
            planted("org.virtio.shell", "org.virtio.target",
                "org.virtio.shell imports org.virtio.target of org.virtio.target, but not optionally"),
            planted("org.virtio.api", "org.virtio.posix", "org.virtio.api imports org.virtio.posix of org.virtio.posix"),
            planted("org.virtio.core", "org.virtio.unheard", "org.virtio.core imports org.virtio.unheard of nobody"));
    }

    private static Object[] planted(String bundle, String imported, String violation) {
        return new Object[] {bundle, imported, violation};
    }

    @ParameterizedTest
    @MethodSource("planted")
    void plantedImportIsFound(String bundle, String imported, String violation) {
        List<Manifest> bundles = new ArrayList<>(handMade());
        assertThat(ImportRules.violations(bundles)).isEmpty();
        bundles.add(manifest(bundle, "Import-Package", imported + ";version=\"[1.0,2)\""));
        assertThat(ImportRules.violations(bundles)).containsExactly(violation);
    }

    @Test
    void missingVersionsAreFound() {
        assertThat(ImportRules.violations(List.of(manifest("org.virtio.posix", "Export-Package", "org.virtio.posix"))))
            .containsExactly("org.virtio.posix exports org.virtio.posix without a version");
        Manifest api = manifest("org.virtio.api", "Export-Package", "org.virtio.spec;uses:=\"a,b\";version=\"1.0.0\"");
        for (String version : List.of("", ";version=1.0")) {
            assertThat(ImportRules.violations(
                List.of(api, manifest("org.virtio.core", "Import-Package", "java.x,org.virtio.spec" + version))))
                .containsExactly("org.virtio.core imports org.virtio.spec without an upper bound of its version");
        }
    }

    @Test
    void otherWaysToDependAreFound() {
        assertThat(ImportRules.violations(List.of(
            manifest("org.virtio.core", "Require-Bundle", "org.virtio.user"),
            manifest("org.virtio.user", "DynamicImport-Package", "*"),
            manifest("org.virtio.api", "Service-Component", "OSGI-INF/x.xml"),
            manifest("org.virtio.new", "Bundle-Name", "new")))).containsExactly(
            "org.virtio.core has the header Require-Bundle",
            "org.virtio.user has the header DynamicImport-Package",
            "org.virtio.api has a component",
            "org.virtio.new is not among the bundles that rules are known for");
    }

    private static List<Manifest> handMade() {
        return List.of(
            manifest("org.virtio.api", "Export-Package", "org.virtio.device;version=\"1.0.0\""),
            manifest("org.virtio.posix", "Export-Package", "org.virtio.posix;version=\"1.0.0\""),
            manifest("org.virtio.core", "Export-Package", "org.virtio.core.queue;version=\"1.0.0\""),
            manifest("org.virtio.user", "Export-Package", "org.virtio.user;version=\"1.0.0\""),
            manifest("org.virtio.pci", "Export-Package", "org.virtio.pci.access;version=\"1.0.0\""),
            manifest("org.virtio.blk", "Export-Package", "org.virtio.blk;version=\"1.0.0\""),
            manifest("org.virtio.target", "Export-Package", "org.virtio.target;version=\"1.0.0\""),
            manifest("org.virtio.shell", "Import-Package", "org.virtio.blk;version=\"[1.0,2)\","
                + "org.virtio.target;resolution:=optional;version=\"[1.0,2)\",org.virtio.device;version=\"[1.0,2)\""));
    }

    private static Manifest manifest(String name, String header, String value) {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().putValue("Bundle-SymbolicName", name + ";singleton:=true");
        manifest.getMainAttributes().putValue(header, value);
        return manifest;
    }

    private static List<Manifest> builtManifests() throws IOException {
        List<Manifest> manifests = new ArrayList<>();
        for (Path jar : Layout.ownBundles()) {
            try (JarFile file = new JarFile(jar.toFile())) {
                manifests.add(file.getManifest());
            }
        }
        return manifests;
    }
}
