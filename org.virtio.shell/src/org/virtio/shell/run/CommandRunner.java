// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.run;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.felix.service.command.CommandProcessor;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Runs the Gogo commands in the framework property {@value #COMMANDS}, if it is set, and then ends the JVM: with status 0, or
 * 1 if a command failed. It begins when Gogo's profile calls {@link #ready}: then every bundle has had its turn, and the
 * profile is at its end, so that it does not look for commands that are gone when this has ended.
 */
@Component(service = CommandRunner.class, immediate = true,
    property = {CommandProcessor.COMMAND_SCOPE + "=virtio-run", CommandProcessor.COMMAND_FUNCTION + "=ready"})
public final class CommandRunner {
    /** The framework or system property that holds the commands. */
    public static final String COMMANDS = "virtio.commands";

    private static final int START_LIMIT_SECONDS = 60;

    private final CommandProcessor processor;
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Thread thread;

    /** Starts to wait for the profile, if there is something to run. */
    @Activate
    public CommandRunner(BundleContext context, @Reference CommandProcessor processor) {
        this.processor = processor;
        String commands = context.getProperty(COMMANDS);
        if (commands == null) {
            thread = null;
            return;
        }
        thread = new Thread(() -> runAndExit(commands), "virtio commands");
        thread.setDaemon(true);
        thread.start();
    }

    /** Called by the profile when it has nothing left to do. */
    public void ready() {
        ready.countDown();
    }

    /** Interrupts what runs. Does not wait for the thread, which may be the one that ends the JVM and so waits for this. */
    @Deactivate
    void deactivate() {
        if (thread != null) {
            thread.interrupt();
        }
    }

    private void runAndExit(String commands) {
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true);
        int status = 1;
        // Closed before the framework stops, because what its bundles print then is not what the commands returned.
        try (PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true)) {
            if (ready.await(START_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                status = new CommandScript(processor, new FileInputStream(FileDescriptor.in), out, err).run(commands);
            } else {
                err.println("virtio: the shell has not started within " + START_LIMIT_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            return;
        }
        System.exit(status);
    }
}
