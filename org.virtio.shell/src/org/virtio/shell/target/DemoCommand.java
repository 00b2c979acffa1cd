// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.target;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.virtio.shell.Commands;
import org.virtio.shell.Count;
import org.virtio.shell.Size;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/** Shows the whole stack at work, by the same commands that a user types. */
@Component(service = DemoCommand.class, property = {"osgi.command.scope=virtio", "osgi.command.function=demo"})
public final class DemoCommand extends Commands {
    private static final String NAME = "demo";

    private final TargetManager manager;

    /** Created by Declarative Services. */
    @Activate
    public DemoCommand(BundleContext context, @Reference TargetManager manager) {
        super(context);
        this.manager = manager;
    }

    /** The demonstration. */
    @Descriptor("serves a RAM disk, attaches it over vhost-user, shows it, fills it with a pattern, verifies it, measures it, "
        + "detaches it; fails if anything is not as it should be. Usage: demo [--size 64M] [--seconds 3]")
    public String demo(CommandSession session,
            @Descriptor("bytes of the disk (default 64M)")
            @Parameter(names = {"-s", "--size"}, absentValue = "64M") String size,
            @Descriptor("how long to measure (default 3)")
            @Parameter(names = {"-t", "--seconds"}, absentValue = "3") String seconds) throws Exception {
        return run(() -> {
            long bytes = new Size(size).bytes("--size", 1 << 20, 1L << 40);
            int time = new Count(seconds).intValue("--seconds", 1, (int) TimeUnit.DAYS.toSeconds(1));
            Path directory = Files.createTempDirectory("demo");
            try {
                return serve(session, directory.resolve("disk.sock").toString(), bytes, time);
            } finally {
                remove(directory);
            }
        });
    }

    /** Leaves a directory that cannot be removed, so that what went wrong before is what is told. */
    private static void remove(Path directory) {
        try {
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            System.err.println(directory + " is left behind: " + e.getMessage());
        }
    }

    private String serve(CommandSession session, String socket, long bytes, int seconds) throws Exception {
        PrintStream out = System.out;
        out.println("A disk of RAM, served on " + socket);
        manager.create(TargetOptions.ram(socket, bytes));
        try {
            show(session, out, "attach", "virtio:attach vhost-user:" + socket + " " + NAME);
            try {
                show(session, out, "info", "virtio:info " + NAME);
                show(session, out, "fill", "virtio:fill " + NAME + " pattern --yes");
                show(session, out, "verify", "virtio:verify " + NAME);
                show(session, out, "bench", "virtio:bench " + NAME + " --seconds " + seconds);
            } finally {
                show(session, out, "detach", "virtio:detach " + NAME);
            }
        } finally {
            manager.delete(socket);
        }
        return "All is well.";
    }

    private static void show(CommandSession session, PrintStream out, String title, String command) throws Exception {
        out.println();
        out.println("> " + command);
        out.flush();
        Object result = session.execute(command);
        out.println(session.format(result, Converter.INSPECT));
        out.flush();
    }
}
