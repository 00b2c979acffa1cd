// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.Constants;
import org.osgi.service.permissionadmin.PermissionInfo;
import org.virtio.itest.felix.Layout;

/** What a bundle's permissions say of packages and services is what its manifest and its components say. */
class PermissionsTest {
    private static final String FILE = "OSGI-INF/permissions.perm";
    private static final String PACKAGE = "org.osgi.framework.PackagePermission";
    private static final String SERVICE = "org.osgi.framework.ServicePermission";
    private static final String SATISFYING_CONDITION = "org.osgi.service.condition.Condition";
    private static final Pattern PROVIDED = Pattern.compile("<provide interface=\"([^\"]+)\"");
    private static final Pattern REFERENCED = Pattern.compile("<reference [^>]*interface=\"([^\"]+)\"");

    /** What no component's description tells: services that are got in a command, or registered for each device. */
    private static final Map<String, Set<String>> GOT = Map.of("org.virtio.shell", Set.of("org.virtio.device.DeviceRegistry",
        "org.virtio.blk.BlockDevice", "org.virtio.host.HostDevices", "org.osgi.service.cm.ConfigurationAdmin",
        "org.virtio.shell.*", "org.apache.felix.gogo.*"));
    private static final Map<String, Set<String>> REGISTERED = Map.of("org.virtio.core", Set.of("org.virtio.device.VirtioDevice"),
        "org.virtio.shell", Set.of("org.virtio.device.VirtioDevice"), "org.virtio.blk", Set.of("org.virtio.blk.BlockDevice"));

    static List<Path> bundles() {
        return Layout.ownBundles();
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void permissionsAreThoseOfTheManifestAndTheComponents(Path jar) throws IOException {
        try (JarFile bundle = new JarFile(jar.toFile())) {
            List<PermissionInfo> permissions = permissions(bundle);
            String name = ImportRules.name(bundle.getManifest());
            assertThat(names(permissions, PACKAGE, "import")).isEqualTo(packages(bundle, Constants.IMPORT_PACKAGE));
            assertThat(names(permissions, PACKAGE, "exportonly")).isEqualTo(packages(bundle, Constants.EXPORT_PACKAGE));
            Set<String> got = described(bundle, REFERENCED);
            got.addAll(GOT.getOrDefault(name, Set.of()));
            if (bundle.getManifest().getMainAttributes().getValue("Service-Component") != null) {
                got.add(SATISFYING_CONDITION);
            }
            assertThat(names(permissions, SERVICE, "get")).isEqualTo(got);
            Set<String> registered = described(bundle, PROVIDED);
            registered.addAll(REGISTERED.getOrDefault(name, Set.of()));
            assertThat(names(permissions, SERVICE, "register")).isEqualTo(registered);
            assertThat(permissions).as("all permissions would be none").noneMatch(p -> p.getType().endsWith(".AllPermission"));
        }
    }

    /** A line that is neither empty, a comment nor a permission fails this. */
    private static List<PermissionInfo> permissions(JarFile bundle) throws IOException {
        return text(bundle, bundle.getJarEntry(FILE)).lines().filter(line -> !line.isBlank() && !line.startsWith("#"))
            .map(PermissionInfo::new).toList();
    }

    private static Set<String> names(List<PermissionInfo> permissions, String type, String action) {
        return permissions.stream().filter(p -> p.getType().equals(type) && p.getActions().equals(action))
            .map(PermissionInfo::getName).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> packages(JarFile bundle, String header) throws IOException {
        return Clause.parse(bundle.getManifest().getMainAttributes().getValue(header)).stream().map(Clause::name)
            .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> described(JarFile bundle, Pattern pattern) throws IOException {
        Set<String> found = new TreeSet<>();
        for (JarEntry entry : bundle.stream().filter(e -> e.getName().matches("OSGI-INF/.*[.]xml")).toList()) {
            Matcher matcher = pattern.matcher(text(bundle, entry));
            while (matcher.find()) {
                found.add(matcher.group(1));
            }
        }
        return found;
    }

    private static String text(JarFile bundle, JarEntry entry) throws IOException {
        assertThat(entry).as("%s in %s", FILE, bundle.getName()).isNotNull();
        try (InputStream in = bundle.getInputStream(entry)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
