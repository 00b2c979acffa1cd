// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JulLevelsTest {
    private static final String PACKAGE = "org.virtio.shell.log.none";

    private final LogLevels levels = new JulLevels();

    @AfterEach
    void forget() throws Exception {
        levels.set(PACKAGE, null);
    }

    @ParameterizedTest
    @CsvSource({"trace,FINEST", "debug,FINE", "info,INFO", "warn,WARNING", "error,SEVERE", "off,OFF"})
    void levelsAreThoseThatSlf4jTranslates(String level, String jul) throws Exception {
        Logger below = Logger.getLogger(PACKAGE + ".Below");
        levels.set(PACKAGE, level);
        assertThat(Logger.getLogger(PACKAGE).getLevel()).isEqualTo(Level.parse(jul));
        assertThat(levels.levels()).containsEntry(PACKAGE, level).containsKey(LogLevels.ROOT);
        assertThat(levels.loggers()).contains(PACKAGE, below.getName()).doesNotContain("");
        assertThat(below.isLoggable(Level.SEVERE)).isEqualTo(!level.equals("off"));
    }

    @ParameterizedTest
    @CsvSource({"ALL,trace", "FINER,debug", "CONFIG,info", "850,warn"})
    void levelsOfOthersAreTheLeastThatIsLogged(String jul, String level) throws Exception {
        Logger.getLogger(PACKAGE).setLevel(Level.parse(jul));
        assertThat(levels.levels()).containsEntry(PACKAGE, level);
    }

    @Test
    void theRootHasALevelThatIsSet() throws Exception {
        Level before = Logger.getLogger("").getLevel();
        try {
            levels.set(LogLevels.ROOT, "error");
            assertThat(levels.levels()).containsEntry(LogLevels.ROOT, "error");
        } finally {
            Logger.getLogger("").setLevel(before);
        }
    }
}
