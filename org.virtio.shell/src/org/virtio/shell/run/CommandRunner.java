// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.run;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.felix.service.command.CommandProcessor;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Runs the Gogo commands in the framework property {@value #COMMANDS}, if it is set, once the framework has started, and
 * then ends the JVM: with status 0, or 1 if a command failed.
 */
@Component(service = {}, immediate = true)
public final class CommandRunner {
    /** The framework or system property that holds the commands. */
    public static final String COMMANDS = "virtio.commands";

    private static final int START_LIMIT_SECONDS = 60;

    private final CommandProcessor processor;
    private final BundleContext system;
    private final CountDownLatch started = new CountDownLatch(1);
    private final FrameworkListener listener = this::frameworkEvent;
    private final Thread thread;

    /** Starts to wait for the framework, if there is something to run. */
    @Activate
    public CommandRunner(BundleContext context, @Reference CommandProcessor processor) {
        this.processor = processor;
        this.system = context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).getBundleContext();
        String commands = context.getProperty(COMMANDS);
        if (commands == null) {
            thread = null;
            return;
        }
        system.addFrameworkListener(listener);
        if (system.getBundle().getState() == Bundle.ACTIVE) {
            started.countDown();
        }
        thread = new Thread(() -> runAndExit(commands), "virtio commands");
        thread.setDaemon(true);
        thread.start();
    }

    /** Interrupts what runs. Does not wait for the thread, which may be the one that ends the JVM and so waits for this. */
    @Deactivate
    void deactivate() {
        if (thread != null) {
            system.removeFrameworkListener(listener);
            thread.interrupt();
        }
    }

    // When the framework has started, every bundle and with it every component has had its turn.
    private void frameworkEvent(FrameworkEvent event) {
        if (event.getType() == FrameworkEvent.STARTED) {
            started.countDown();
        }
    }

    private void runAndExit(String commands) {
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true);
        int status = 1;
        // Closed before the framework stops, because what its bundles print then is not what the commands returned.
        try (PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true)) {
            if (started.await(START_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                status = new CommandScript(processor, new FileInputStream(FileDescriptor.in), out, err).run(commands);
            } else {
                err.println("virtio: the framework has not started within " + START_LIMIT_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            return;
        }
        System.exit(status);
    }
}
