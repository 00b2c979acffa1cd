// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.felix.service.command.Converter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.shell.CommandException;

class LoggersTest {
    private final Map<String, String> levels = new TreeMap<>(Map.of("ROOT", "warn", "org.virtio.core", "debug"));
    private final Loggers loggers = new Loggers(new LogLevels() {
        @Override
        public Map<String, String> levels() {
            return levels;
        }

        @Override
        public Set<String> loggers() {
            return Set.of("org.virtio.core.registry.Registry", "org.virtio.blk.Driver", "org.apache.felix.scr.Something");
        }

        @Override
        public void set(String logger, String level) {
            if (level == null) {
                levels.remove(logger);
            } else {
                levels.put(logger, level);
            }
        }
    }, List.of("org.virtio.core", "org.virtio.pci"));

    private static String print(Object thing) {
        return new LogConverter().format(thing, Converter.INSPECT, null).toString();
    }

    @Test
    void thoseWithALevelAreListedTheRootFirst() throws Exception {
        levels.put("A", "off");
        assertThat(print(loggers.withLevels())).isEqualTo("""
            LOGGER           LEVEL  FROM
            ROOT             warn
            A                off
            org.virtio.core  debug""");
    }

    @Test
    void aLoggerIsListedWithThoseBelowItAndWhoseTheirLevelsAre() throws Exception {
        assertThat(print(loggers.below("org.virtio"))).isEqualTo("""
            LOGGER                             LEVEL  FROM
            org.virtio                         warn   ROOT
            org.virtio.blk.Driver              warn   ROOT
            org.virtio.core                    debug
            org.virtio.core.registry.Registry  debug  org.virtio.core""");
        assertThat(loggers.below("root")).extracting(logger -> logger.name).containsExactly("ROOT",
            "org.apache.felix.scr.Something", "org.virtio.blk.Driver", "org.virtio.core", "org.virtio.core.registry.Registry");
    }

    @Test
    void aLevelIsSetAndTakenBack() throws Exception {
        assertThat(print(loggers.set("org.virtio.pci.host.Watcher", "TRACE"))).isEqualTo("""
            LOGGER                       LEVEL  FROM
            org.virtio.pci.host.Watcher  trace""");
        assertThat(levels).containsEntry("org.virtio.pci.host.Watcher", "trace");
        assertThat(loggers.set("org.virtio.pci.host.Watcher", "default").from).isEqualTo("ROOT");
        assertThat(levels).doesNotContainKey("org.virtio.pci.host.Watcher");
        assertThat(loggers.set("Root", "info").level).isEqualTo("info");
    }

    @Test
    void aWrongLevelIsAnsweredByThoseThatThereAre() {
        assertThatThrownBy(() -> loggers.set("org.virtio", "loud")).isInstanceOf(CommandException.class).hasMessage(
            "'loud' is no level of org.virtio; expected one of trace, debug, info, warn, error, off, default");
        assertThatThrownBy(() -> loggers.set("ROOT", "default"))
            .hasMessage("'default' is no level of ROOT; expected one of trace, debug, info, warn, error, off");
        assertThatThrownBy(() -> loggers.set("ROOT", null)).hasMessageContaining("expected one of");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "org.", "org.virt", "com.example", "org.virtio.core.", "org.virtio.core.a b", "null"})
    void anUnknownLoggerIsAnsweredByThoseThatThereAre(String name) {
        String message = "there is no logger '" + name + "'; expected ROOT, or one of these or below: "
            + "org.apache.felix, org.virtio.blk, org.virtio.core, org.virtio.pci";
        assertThatThrownBy(() -> loggers.below(name)).isInstanceOf(CommandException.class).hasMessage(message);
        assertThatThrownBy(() -> loggers.set(name, "info")).hasMessage(message);
    }

    @Test
    void otherBackEndsAreRefusedByName() {
        assertThatThrownBy(() -> LogCommand.backEnd("org.slf4j.simple.SimpleLoggerFactory", null))
            .hasMessageContaining("org.slf4j.simple.SimpleLoggerFactory").hasMessageContaining("slf4j-jdk14");
    }
}
