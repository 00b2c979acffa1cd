// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.target;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.virtio.shell.CommandException;
import org.virtio.shell.Commands;
import org.virtio.shell.Count;
import org.virtio.shell.Size;
import org.virtio.shell.print.Listing;
import org.virtio.target.TargetDTO;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/** Commands about targets; there while the service that creates them is. */
@Component(service = TargetCommands.class, property = {"osgi.command.scope=virtio", "osgi.command.function=target"})
public final class TargetCommands extends Commands {
    private static final String RAM = "ram";
    private static final String NULL = "null";
    private static final String NONE = "";
    private static final String RAM_SIZE = "64M";
    private static final String ID = "virtio-target";

    private final TargetManager manager;

    /** Created by Declarative Services. */
    @Activate
    public TargetCommands(BundleContext context, @Reference TargetManager manager) {
        super(context);
        this.manager = manager;
    }

    /** Creates, lists, resizes or deletes targets. */
    @Descriptor("serves disks on UNIX sockets, for vhost-user front ends such as this shell. "
        + "Usage: target create <socket> [ram|null|<file>] [--size 64M] [--queues 1] [--block-size 512] [--read-only] "
        + "[--faults <list>] [--spin <microseconds>] [--uid <number>] "
        + "| target list | target resize <socket> <size> | target delete <socket>")
    public Object target(
            @Descriptor("create: bytes of the disk (default 64M; for a file, its own size)")
            @Parameter(names = {"-s", "--size"}, absentValue = NONE) String size,
            @Descriptor("create: queues that it offers (default 1)")
            @Parameter(names = {"-q", "--queues"}, absentValue = "1") String queues,
            @Descriptor("create: bytes in a block (default 512)")
            @Parameter(names = {"-b", "--block-size"}, absentValue = "512") String blockSize,
            @Descriptor("create: refuse writes")
            @Parameter(names = {"-r", "--read-only"}, presentValue = "true", absentValue = "false") boolean readOnly,
            @Descriptor("create: how the device misbehaves, such as wrong-id@100; an unknown one is answered by those known")
            @Parameter(names = {"-f", "--faults"}, absentValue = "") String faults,
            @Descriptor("create: microseconds for which an idle queue looks for requests before it sleeps (default 50)")
            @Parameter(names = "--spin", absentValue = "50") String spin,
            @Descriptor("create: the user id whose processes alone may connect (default: any that the socket's mode lets, 0600)")
            @Parameter(names = {"-u", "--uid"}, absentValue = NONE) String uid,
            @Descriptor("create, list, resize or delete") String action,
            @Descriptor("the path of the socket, and what the action needs besides") String... words) throws Exception {
        return run(() -> switch (String.valueOf(action)) {
            case "create" -> {
                expect(words, 1, 2, "create <socket> [ram|null|<file>]");
                // Gogo makes null of the word null.
                String disk = words.length > 1 ? String.valueOf(words[1]) : RAM;
                String bytes = NONE.equals(size) && (disk.equals(RAM) || disk.equals(NULL)) ? RAM_SIZE : size;
                yield manager.create(new TargetOptions(path(words[0]), file(disk),
                    NONE.equals(bytes) ? 0 : new Size(bytes).bytes("--size", 1, Long.MAX_VALUE),
                    (int) new Size(blockSize).bytes("--block-size", 512, 65536),
                    new Count(queues).intValue("--queues", 1, 64), readOnly, ID)
                    .withFaults(faults)
                    .withSpinNanos(TimeUnit.MICROSECONDS.toNanos(new Count(spin).intValue("--spin", 0, 1_000_000)))
                    .withUid(NONE.equals(uid) ? TargetOptions.ANY_UID
                        : new Count(uid).value("--uid", 0, TargetOptions.MAX_UID)));
            }
            case "list" -> {
                expect(words, 0, 0, "list");
                yield new Listing<TargetDTO>(manager.list(), "no targets; create one: virtio:target create /tmp/disk.sock");
            }
            case "resize" -> {
                expect(words, 2, 2, "resize <socket> <size>");
                yield manager.resize(path(words[0]), new Size(words[1]).bytes("size", 1, Long.MAX_VALUE));
            }
            case "delete" -> {
                expect(words, 1, 1, "delete <socket>");
                manager.delete(path(words[0]));
                yield words[0] + " is deleted";
            }
            default -> throw new CommandException("'" + action + "' is nothing that can be done with a target; "
                + "expected create, list, resize or delete");
        });
    }

    private static void expect(String[] words, int min, int max, String usage) throws CommandException {
        if (words.length < min || words.length > max) {
            throw new CommandException("these arguments do not fit; usage: virtio:target " + usage);
        }
    }

    private static String file(String disk) {
        return switch (disk) {
            case RAM -> null;
            case NULL -> TargetOptions.NULL_DISK;
            default -> path(disk);
        };
    }

    private static String path(String word) {
        Path directory = CommandSession.Utils.current().currentDir();
        return directory.resolve(String.valueOf(word)).normalize().toString();
    }
}
