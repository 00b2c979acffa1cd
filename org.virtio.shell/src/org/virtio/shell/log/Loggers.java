// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.virtio.shell.CommandException;

/** The loggers of a back end: which there are, and which level is whose. */
final class Loggers {
    private static final List<String> LEVELS = List.of("trace", "debug", "info", "warn", "error", "off");
    private static final String DEFAULT = "default";
    private static final Pattern NAME = Pattern.compile("[\\w$]+([.][\\w$]+)*");
    private static final int LISTED_PARTS = 3;

    private final LogLevels back;
    private final Collection<String> packages;

    /**
     * The loggers of a back end.
     *
     * @param packages below which there may be loggers that the back end does not know yet, such as those of classes that
     *     were not loaded yet
     */
    Loggers(LogLevels back, Collection<String> packages) {
        this.back = back;
        this.packages = packages;
    }

    /** Those that have a level of their own. */
    List<LoggerDTO> withLevels() throws Exception {
        Map<String, String> levels = new TreeMap<>(back.levels());
        return levels.keySet().stream().sorted(Loggers::rootFirst).map(name -> logger(name, levels)).toList();
    }

    private static int rootFirst(String one, String other) {
        return one.equals(other) ? 0 : one.equals(LogLevels.ROOT) ? -1 : other.equals(LogLevels.ROOT) ? 1 : one.compareTo(other);
    }

    /** The one of that name, and those below it. */
    List<LoggerDTO> below(String typed) throws Exception {
        String name = check(typed);
        Map<String, String> levels = back.levels();
        Set<String> names = new TreeSet<>(back.loggers());
        names.addAll(levels.keySet());
        names.removeIf(n -> name.equals(LogLevels.ROOT) ? n.equals(name) : !n.startsWith(name + "."));
        return Stream.concat(Stream.of(name), names.stream()).map(n -> logger(n, levels)).toList();
    }

    /** Sets a level, and tells of the logger. */
    LoggerDTO set(String typedName, String typedLevel) throws Exception {
        String name = check(typedName);
        String level = String.valueOf(typedLevel).toLowerCase(Locale.ROOT);
        boolean unset = level.equals(DEFAULT) && !name.equals(LogLevels.ROOT);
        if (!unset && !LEVELS.contains(level)) {
            throw new CommandException("'" + typedLevel + "' is no level of " + name + "; expected one of "
                + String.join(", ", LEVELS) + (name.equals(LogLevels.ROOT) ? "" : ", " + DEFAULT));
        }
        back.set(name, unset ? null : level);
        return logger(name, back.levels());
    }

    private String check(String typed) throws CommandException {
        String name = String.valueOf(typed);
        if (name.equalsIgnoreCase(LogLevels.ROOT)) {
            return LogLevels.ROOT;
        }
        Set<String> known = new TreeSet<>(back.loggers());
        if (known.stream().anyMatch(k -> k.equals(name) || k.startsWith(name + ".")) || mayBeBelow(name)) {
            return name;
        }
        Set<String> listed = new TreeSet<>(packages);
        known.forEach(k -> listed.add(first(k)));
        throw new CommandException("there is no logger '" + name + "'; expected " + LogLevels.ROOT
            + ", or one of these or below: " + String.join(", ", listed));
    }

    private boolean mayBeBelow(String name) {
        return NAME.matcher(name).matches()
            && packages.stream().anyMatch(p -> (p + ".").startsWith(name + ".") || name.startsWith(p + "."));
    }

    private static String first(String name) {
        return Stream.of(name.split("[.]")).limit(LISTED_PARTS).reduce((a, b) -> a + "." + b).orElse(name);
    }

    private static LoggerDTO logger(String name, Map<String, String> levels) {
        LoggerDTO logger = new LoggerDTO();
        logger.name = name;
        logger.from = name;
        while (!levels.containsKey(logger.from) && !logger.from.equals(LogLevels.ROOT)) {
            int dot = logger.from.lastIndexOf('.');
            logger.from = dot < 0 ? LogLevels.ROOT : logger.from.substring(0, dot);
        }
        logger.level = levels.get(logger.from);
        return logger;
    }
}
