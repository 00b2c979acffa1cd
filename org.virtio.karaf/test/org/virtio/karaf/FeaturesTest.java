// SPDX-License-Identifier: Apache-2.0
package org.virtio.karaf;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The features in a Karaf without a network: they come, work, go without a trace, and come again. */
class FeaturesTest {
    private static final List<String> FEATURES =
        List.of("virtio", "virtio-user", "virtio-pci", "virtio-blk", "virtio-target", "virtio-shell");
    private static final String ALL = String.join(" ", FEATURES);

    @TempDir
    private static Path directory;

    private static Karaf karaf;
    private static String socket;

    @BeforeAll
    static void startKaraf() throws Exception {
        socket = directory.resolve("disk.sock").toString();
        karaf = new Karaf(directory);
        quietly("kar:install file:" + System.getProperty("virtio.kar"));
    }

    @AfterAll
    static void endKaraf() {
        if (karaf != null) {
            karaf.close();
        }
    }

    /** Those that are not installed are refused. */
    @AfterEach
    void uninstall() throws Exception {
        for (String feature : FEATURES) {
            karaf.run("feature:uninstall " + feature);
        }
    }

    @Test
    void eachFeatureComesWithAllThatItNeedsAndGoesWithIt() throws Exception {
        Set<String> before = karaf.bundles();
        for (String feature : FEATURES) {
            quietly("feature:install " + feature);
            Set<String> come = karaf.bundles();
            assertThat(come).as(feature).containsAll(before);
            come.removeAll(before);
            assertThat(come).as(feature).isNotEmpty().allMatch(FeaturesTest::isAsItShouldBe);
            quietly("feature:uninstall " + feature);
            assertThat(karaf.bundles()).as("after %s", feature).isEqualTo(before);
        }
    }

    private static boolean isAsItShouldBe(String bundle) {
        return bundle.endsWith(" Active")
            || bundle.startsWith("com.github.jnr.jffi.native ") && bundle.endsWith(" Resolved")
            // Both work, but for a component each: the health check waits for who runs it, commands about targets for those.
            || bundle.matches("org\\.virtio\\.(core|shell) .* Waiting");
    }

    @Test
    void whatIsInUseGoesWithoutATraceAndComesAgain() throws Exception {
        // The first use opens what Karaf itself keeps open.
        use();
        quietly("feature:uninstall " + ALL);
        Set<String> bundles = karaf.bundles();
        List<String> held = karaf.held();
        assertThat(held).noneMatch(holding -> holding.startsWith("thread") || holding.contains("memfd"));
        use();
        assertThat(karaf.held()).hasSizeGreaterThan(held.size()).anyMatch(holding -> holding.contains("memfd"));
        quietly("feature:uninstall " + ALL);
        karaf.awaitHeldNoMoreThan(held);
        assertThat(karaf.bundles()).isEqualTo(bundles).noneMatch(bundle -> bundle.contains("virtio"));
        assertThat(karaf.run("service:list")).contains("org.apache.karaf").doesNotContain("org.virtio");
        assertThat(Path.of(socket)).doesNotExist();
        assertThat(Files.readString(Path.of("/proc/net/unix"))).doesNotContain(directory.toString());
        use();
    }

    private static void use() throws Exception {
        quietly("feature:install " + ALL);
        assertThat(karaf.run("virtio:target create " + socket + " ram --size 1M")).contains(socket);
        assertThat(karaf.run("virtio:attach vhost-user:" + socket + " disk0")).contains("ready");
        assertThat(karaf.run("virtio:write disk0 512 hello --yes")).isEqualTo("5 bytes written at 512");
        assertThat(karaf.run("virtio:read disk0 512 5")).contains("68 65 6c 6c 6f");
    }

    /** A shell's job writes and verifies while the prompt does all that one does to bundles. */
    @Test
    void aDiskWorksOnWhileItsTransportIsRestartedUpdatedAndRefreshed() throws Exception {
        use();
        Path end = directory.resolve("end");
        karaf.run("ten = [0 1 2 3 4 5 6 7 8 9]");
        karaf.run("once = { virtio:fill disk0 pattern --seed $it --yes; virtio:verify disk0 --seed $it }");
        karaf.run("load = { each $ten { each $ten { each $ten $once } }; echo well > " + end + " }");
        karaf.run("load &");
        for (int i = 0; i < 5; i++) {
            karaf.run("bundle:restart org.virtio.user");
            karaf.run("bundle:update org.virtio.user");
            karaf.run("bundle:refresh org.virtio.user");
            assertThat(i == 0 && Files.exists(end)).as("the load has ended before").isFalse();
        }
        karaf.awaitFile(end);
        assertThat(karaf.run("virtio:info disk0")).contains("ready")
            // A refresh does not wait for its end, and one suspension may be of two of these.
            .containsPattern("suspended +([89]|1[0-5]) times");
    }

    /** Each bundle with the others as they are: those that use what it exports are refreshed along with it. */
    @Test
    void whicheverBundleIsRestartedUpdatedOrRefreshedTheCommandsWorkAfterwards() throws Exception {
        quietly("feature:install " + ALL);
        Path disk = Files.write(directory.resolve("disk.img"), new byte[1 << 20]);
        String create = "virtio:target create " + socket + " " + disk;
        assertThat(karaf.run(create)).contains(socket);
        Path file = karaf.etc("org.virtio.device-disk0.cfg");
        Files.writeString(file, "address = vhost-user:" + socket + "\n");
        awaitList("disk0 +blk +ready");
        for (String bundle : List.of("core", "user", "pci", "blk", "target", "shell")) {
            for (String action : List.of("restart", "update", "refresh")) {
                swap(action, "org.virtio." + bundle);
                if (bundle.equals("target")) {
                    karaf.await(create, output -> output.contains(disk.toString()));
                }
                String text = action + " of " + bundle;
                karaf.await("virtio:write disk0 512 '" + text + "' --yes", output -> output.contains("bytes written"));
                assertThat(Files.readString(disk, ISO_8859_1)).contains(text);
            }
        }
        Files.delete(file);
        awaitList("no devices");
    }

    /** Does that to a bundle, and waits until all of its services are others. */
    private static void swap(String action, String bundle) throws Exception {
        Set<String> before = services(karaf.run("bundle:services -p " + bundle));
        assertThat(before).isNotEmpty();
        karaf.run("bundle:" + action + " " + bundle);
        karaf.await("bundle:services -p " + bundle, output -> {
            Set<String> now = services(output);
            return !now.isEmpty() && Collections.disjoint(now, before);
        });
    }

    private static Set<String> services(String output) {
        return Pattern.compile("service\\.id = \\d+").matcher(output).results().map(MatchResult::group)
            .collect(Collectors.toSet());
    }

    @Test
    void tabCompletesDevicesAndAddresses() throws Exception {
        quietly("feature:install virtio-shell virtio-user virtio-target");
        karaf.run("virtio:target create " + socket + " ram --size 1M");
        String beginning = socket.substring(0, socket.length() - "k.sock".length());
        assertThat(karaf.run("virtio:attach vh\t" + beginning + "\tdisk0")).contains("ready", "vhost-user:" + socket);
        assertThat(karaf.run("virtio:flush d\t")).isEqualTo("disk0 is flushed");
        assertThat(karaf.run("virtio:read \t0 1")).startsWith("00000000");
        // The prompt lives on when the completer has gone.
        quietly("feature:uninstall virtio-shell");
        assertThat(karaf.run("virtio:flush d\t")).contains("Command not found");
        assertThat(karaf.run("system:ver\t")).isEqualTo(karaf.run("system:version"));
    }

    @Test
    void devicesAreConfiguredAsAllElseIs() throws Exception {
        quietly("feature:install " + ALL);
        karaf.run("virtio:target create " + socket + " ram --size 1M");
        quietly("config:edit --factory --alias disk7 org.virtio.device");
        quietly("config:property-set address vhost-user:" + socket);
        quietly("config:update");
        awaitList("disk7 +blk +ready .*" + socket);
        Matcher pid = Pattern.compile("org\\.virtio\\.device\\.[0-9a-f-]{36}")
            .matcher(karaf.run("config:list '(service.factoryPid=org.virtio.device)'"));
        assertThat(pid.find()).isTrue();
        quietly("config:delete " + pid.group());
        awaitList("no devices");
        Path file = karaf.etc("org.virtio.device-disk8.cfg");
        Files.writeString(file, "address = vhost-user:" + socket + "\nreadOnly = true\n");
        awaitList("disk8 +blk +ready .*" + socket + ".readonly=on");
        assertThat(karaf.run("virtio:write disk8 0 hello")).contains("read-only");
        Files.delete(file);
        awaitList("no devices");
    }

    private static void awaitList(String pattern) throws Exception {
        Pattern expected = Pattern.compile(pattern);
        karaf.await("virtio:list", output -> expected.matcher(output).find());
    }

    /** Runs what prints nothing if it succeeds. */
    private static void quietly(String command) throws Exception {
        assertThat(karaf.run(command)).as(command).isEmpty();
    }
}
