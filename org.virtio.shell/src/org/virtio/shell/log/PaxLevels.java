// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import java.io.IOException;
import java.util.Collections;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.virtio.shell.CommandException;
import org.virtio.shell.Services;

/**
 * The levels of Pax Logging with Log4j 2, as Karaf has it: they stand in a configuration. It has no LoggerAdmin service, and
 * its loggers cannot be listed.
 */
final class PaxLevels implements LogLevels {
    private static final String PID = "org.ops4j.pax.logging";
    private static final String ROOT_LEVEL = "log4j2.rootLogger.level";
    private static final String PREFIX = "log4j2.logger.";
    private static final Pattern NAME = Pattern.compile(Pattern.quote(PREFIX) + "([^.]+)[.]name");

    private final Services services;

    PaxLevels(Services services) {
        this.services = services;
    }

    @Override
    public Map<String, String> levels() throws Exception {
        Dictionary<String, Object> properties = use(Configuration::getProperties);
        Map<String, String> levels = new HashMap<>();
        putLevel(levels, ROOT, properties.get(ROOT_LEVEL));
        keys(properties).forEach((name, key) -> putLevel(levels, name, properties.get(PREFIX + key + ".level")));
        return levels;
    }

    private static void putLevel(Map<String, String> levels, String name, Object level) {
        if (level != null) {
            levels.put(name, level.toString().trim().toLowerCase(Locale.ROOT));
        }
    }

    /** By the names of loggers, what stands for them in the keys of their properties. */
    private static Map<String, String> keys(Dictionary<String, Object> properties) {
        Map<String, String> keys = new HashMap<>();
        for (String property : Collections.list(properties.keys())) {
            Matcher matcher = NAME.matcher(property);
            if (matcher.matches()) {
                keys.put(properties.get(property).toString(), matcher.group(1));
            }
        }
        return keys;
    }

    @Override
    public Set<String> loggers() {
        return Set.of();
    }

    @Override
    public void set(String name, String level) throws Exception {
        use(configuration -> {
            Dictionary<String, Object> properties = configuration.getProperties();
            if (name.equals(ROOT)) {
                properties.put(ROOT_LEVEL, level);
            } else {
                set(properties, name, level);
            }
            configuration.update(properties);
            return null;
        });
    }

    private static void set(Dictionary<String, Object> properties, String name, String level) {
        String key = keys(properties).getOrDefault(name, name.replaceAll("[^A-Za-z0-9]", "_"));
        if (level != null) {
            properties.put(PREFIX + key + ".name", name);
            properties.put(PREFIX + key + ".level", level);
            return;
        }
        properties.remove(PREFIX + key + ".level");
        // A logger may have appenders of its own.
        if (Collections.list(properties.keys()).stream().filter(p -> p.startsWith(PREFIX + key + ".")).count() == 1) {
            properties.remove(PREFIX + key + ".name");
        }
    }

    private <R> R use(Services.Use<Configuration, R> use) throws Exception {
        Found<R> found = services.service(ConfigurationAdmin.class, admin -> new Found<>(use.with(existing(admin))));
        if (found == null) {
            throw new CommandException("there is no ConfigurationAdmin, in which Pax Logging's levels stand");
        }
        return found.result;
    }

    /** To make one would take away all that Pax Logging does without it. */
    private static Configuration existing(ConfigurationAdmin admin)
            throws IOException, InvalidSyntaxException, CommandException {
        Configuration[] found = admin.listConfigurations("(" + Constants.SERVICE_PID + "=" + PID + ")");
        if (found == null) {
            throw new CommandException("there is no configuration " + PID + ", in which Pax Logging's levels would stand");
        }
        return found[0];
    }

    private record Found<R>(R result) {
    }
}
