// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import java.util.List;
import java.util.stream.Stream;
import org.apache.felix.service.command.Descriptor;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.slf4j.LoggerFactory;
import org.virtio.shell.CommandException;
import org.virtio.shell.Commands;
import org.virtio.shell.Services;

/** Shows and sets log levels while everything runs. */
@Component(service = LogCommand.class, property = {"osgi.command.scope=virtio", "osgi.command.function=log"})
public final class LogCommand extends Commands {
    private static final String OURS = "org.virtio.";

    private final BundleContext context;

    /** Created by Declarative Services. */
    @Activate
    public LogCommand(BundleContext context) {
        super(context);
        this.context = context;
    }

    /** Levels that were set. */
    @Descriptor("lists the loggers that have a level of their own. Usage: log [<logger> [<level>]]")
    public List<LoggerDTO> log() throws Exception {
        return run(() -> loggers().withLevels());
    }

    /** The levels of some loggers. */
    @Descriptor("lists a logger and those below it, with their levels and whose these are. Usage: log [<logger> [<level>]]")
    public List<LoggerDTO> log(@Descriptor("the logger, such as org.virtio.core, or ROOT") String logger) throws Exception {
        return run(() -> loggers().below(logger));
    }

    /** Sets a level. */
    @Descriptor("sets the level of a logger and of those below it that have none of their own, until the end of the program; in "
        + "Karaf for good. Usage: log [<logger> [<level>]]")
    public LoggerDTO log(@Descriptor("the logger, such as org.virtio.core, or ROOT") String logger,
            @Descriptor("trace, debug, info, warn, error or off; default to have that of the logger above") String level)
            throws Exception {
        return run(() -> loggers().set(logger, level));
    }

    private Loggers loggers() throws CommandException {
        return new Loggers(backEnd(LoggerFactory.getILoggerFactory().getClass().getName(), services),
            Stream.of(context.getBundles()).map(Bundle::getSymbolicName).filter(name -> name != null && name.startsWith(OURS))
                .toList());
    }

    /** The levels of the back end that SLF4J has found, by the name of its class. */
    static LogLevels backEnd(String factory, Services services) throws CommandException {
        if (factory.startsWith("org.slf4j.jul.")) {
            return new JulLevels();
        }
        if (factory.startsWith("org.ops4j.pax.logging.")) {
            return new PaxLevels(services);
        }
        throw new CommandException("the levels of " + factory + " cannot be seen or set by this command; expected SLF4J with "
            + "slf4j-jdk14, or Pax Logging with Log4j 2");
    }
}
