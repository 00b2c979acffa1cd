// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/** The levels of java.util.logging, as slf4j-jdk14 translates them. */
final class JulLevels implements LogLevels {
    /** A logger that nobody holds is forgotten, and its level with it; and the command is there only while it runs. */
    private static final Map<String, Logger> HELD = new ConcurrentHashMap<>();
    private static final Map<String, Level> LEVELS = Map.of("trace", Level.FINEST, "debug", Level.FINE, "info", Level.INFO,
        "warn", Level.WARNING, "error", Level.SEVERE, "off", Level.OFF);

    @Override
    public Map<String, String> levels() {
        Map<String, String> levels = new HashMap<>();
        for (String name : names()) {
            Logger logger = LogManager.getLogManager().getLogger(name);
            if (logger != null && logger.getLevel() != null) {
                levels.put(name.isEmpty() ? ROOT : name, word(logger.getLevel()));
            }
        }
        return levels;
    }

    /** Of levels that SLF4J does not have, the least of its own that is logged. */
    private static String word(Level level) {
        return new TreeMap<>(Map.of(Level.FINEST.intValue(), "trace", Level.FINE.intValue(), "debug",
            Level.INFO.intValue(), "info", Level.WARNING.intValue(), "warn", Level.SEVERE.intValue(), "error",
            Level.OFF.intValue(), "off")).ceilingEntry(level.intValue()).getValue();
    }

    @Override
    public Set<String> loggers() {
        Set<String> names = names();
        names.remove("");
        return names;
    }

    private static Set<String> names() {
        return new TreeSet<>(Collections.list(LogManager.getLogManager().getLoggerNames()));
    }

    @Override
    public void set(String name, String level) {
        Logger logger = Logger.getLogger(name.equals(ROOT) ? "" : name);
        logger.setLevel(level == null ? null : LEVELS.get(level));
        if (level == null) {
            HELD.remove(name);
        } else {
            HELD.put(name, logger);
        }
    }
}
