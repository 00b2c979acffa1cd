// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;
import org.osgi.framework.VersionRange;

/** Which of this project's bundles may import whose packages, and how. */
final class ImportRules {
    private static final String OURS = "org.virtio.";
    private static final String API = "org.virtio.api";
    private static final String POSIX = "org.virtio.posix";
    private static final String BLK = "org.virtio.blk";
    private static final String TARGET = "org.virtio.target";

    /** From whom each bundle may import; a bundle that is not here must be entered before it can be built. */
    private static final Map<String, Set<String>> ALLOWED = Map.of(
        API, Set.of(),
        POSIX, Set.of(API),
        "org.virtio.core", Set.of(API, POSIX),
        "org.virtio.user", Set.of(API, POSIX),
        "org.virtio.pci", Set.of(API, POSIX),
        BLK, Set.of(API),
        TARGET, Set.of(API, POSIX),
        "org.virtio.shell", Set.of(API, BLK, TARGET));

    /** Whose packages may only be imported optionally: the bundle must work where they are not there. */
    private static final Map<String, Set<String>> ONLY_OPTIONALLY = Map.of("org.virtio.shell", Set.of(TARGET));

    private ImportRules() {
    }

    /** What is wrong with these bundles; empty if nothing is. */
    static List<String> violations(List<Manifest> bundles) {
        List<String> violations = new ArrayList<>();
        for (Manifest bundle : bundles) {
            String name = name(bundle);
            checkVersions(bundle, violations);
            if (!ALLOWED.containsKey(name)) {
                violations.add(name + " is not among the bundles that rules are known for");
                continue;
            }
            for (Clause imported : ours(bundle, Constants.IMPORT_PACKAGE)) {
                for (String exporter : exporters(imported.name(), bundles)) {
                    checkImport(name, imported, exporter, violations);
                }
            }
            checkOtherWays(bundle, violations);
        }
        return violations;
    }

    private static void checkImport(String name, Clause imported, String exporter, List<String> violations) {
        if (exporter.equals(name)) {
            return;
        }
        if (!ALLOWED.get(name).contains(exporter)) {
            violations.add(name + " imports " + imported.name() + " of " + exporter);
        } else if (ONLY_OPTIONALLY.getOrDefault(name, Set.of()).contains(exporter)
                && !Constants.RESOLUTION_OPTIONAL.equals(imported.attributes().get(Constants.RESOLUTION_DIRECTIVE + ":"))) {
            violations.add(name + " imports " + imported.name() + " of " + exporter + ", but not optionally");
        }
    }

    private static Set<String> exporters(String packageName, List<Manifest> bundles) {
        Set<String> exporters = new TreeSet<>();
        for (Manifest bundle : bundles) {
            if (ours(bundle, Constants.EXPORT_PACKAGE).stream().anyMatch(exported -> exported.name().equals(packageName))) {
                exporters.add(name(bundle));
            }
        }
        // Nobody's: no rule allows it.
        return exporters.isEmpty() ? Set.of("nobody") : exporters;
    }

    private static void checkVersions(Manifest bundle, List<String> violations) {
        for (Clause exported : ours(bundle, Constants.EXPORT_PACKAGE)) {
            String version = exported.attributes().get(Constants.VERSION_ATTRIBUTE);
            if (version == null || Version.parseVersion(version).equals(Version.emptyVersion)) {
                violations.add(name(bundle) + " exports " + exported.name() + " without a version");
            }
        }
        for (Clause imported : ours(bundle, Constants.IMPORT_PACKAGE)) {
            String range = imported.attributes().get(Constants.VERSION_ATTRIBUTE);
            if (range == null || VersionRange.valueOf(range).getRight() == null) {
                violations.add(name(bundle) + " imports " + imported.name() + " without an upper bound of its version");
            }
        }
    }

    /** Ways around Import-Package, which would hide a dependency from this test. */
    private static void checkOtherWays(Manifest bundle, List<String> violations) {
        for (String header : List.of(Constants.REQUIRE_BUNDLE, Constants.DYNAMICIMPORT_PACKAGE, Constants.FRAGMENT_HOST)) {
            if (bundle.getMainAttributes().getValue(header) != null) {
                violations.add(name(bundle) + " has the header " + header);
            }
        }
        if (name(bundle).equals(API) && bundle.getMainAttributes().getValue("Service-Component") != null) {
            violations.add(API + " has a component");
        }
    }

    private static List<Clause> ours(Manifest bundle, String header) {
        Attributes attributes = bundle.getMainAttributes();
        return Clause.parse(attributes.getValue(header)).stream().filter(clause -> clause.name().startsWith(OURS)).toList();
    }

    static String name(Manifest bundle) {
        return Clause.parse(bundle.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME)).get(0).name();
    }
}
