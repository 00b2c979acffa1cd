// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.blk.BlockDevice;
import org.virtio.shell.CommandException;
import org.virtio.shell.Commands;
import org.virtio.shell.Progress;
import org.virtio.shell.Size;

/** Copies between a block device and a file of the host. */
@Component(service = CopyCommand.class, property = {"osgi.command.scope=virtio", "osgi.command.function=copy"})
public final class CopyCommand extends Commands {
    private static final int CHUNK = 1 << 20;

    @FunctionalInterface
    private interface Step {
        void go(long position, byte[] chunk, int length) throws IOException, CommandException;
    }

    /** Created by Declarative Services. */
    @Activate
    public CopyCommand(BundleContext context) {
        super(context);
    }

    /** Copies. */
    @Descriptor("copies a block device, or a range of it, to a file, or a file onto a block device. "
        + "Usage: copy <name> to <file> [<position> [<length>]] [--force] "
        + "| copy <name> from <file> [<position> [<length>]] --yes")
    public RangeDTO copy(CommandSession session,
            @Descriptor("to: replace the file if it exists")
            @Parameter(names = {"-f", "--force"}, presentValue = "true", absentValue = "false") boolean force,
            @Descriptor("from: do it; without this, say what would be done")
            @Parameter(names = {"-y", "--yes"}, presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("the block device") String name,
            @Descriptor("to: the file is written; from: the device is written") String direction,
            @Descriptor("the file, relative to where the shell was started") String file,
            @Descriptor("where on the device to begin, and how many bytes; all of the device, or of the file, if left out")
            Size... range) throws Exception {
        Path path = session.currentDir().resolve(file);
        if (range.length > 2) {
            throw new CommandException("'" + range[2] + "' is one too many; expected at most a position and a length");
        }
        Size position = range.length > 0 ? range[0] : null;
        Size length = range.length > 1 ? range[1] : null;
        return run(() -> services.block(name, device -> switch (direction) {
            case "to" -> toFile(session, device, path, Range.of(device, position, length), force);
            case "from" -> fromFile(session, device, path, position, length, yes);
            default -> throw new CommandException("'" + direction + "' is no direction; expected to or from");
        }));
    }

    private static RangeDTO toFile(CommandSession session, BlockDevice device, Path path, Range range, boolean force)
            throws IOException, CommandException {
        if (!force && Files.exists(path)) {
            throw new CommandException(path + " exists already; add --force to replace it");
        }
        StandardOpenOption creation = force ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.CREATE_NEW;
        Requests requests = new Requests(device);
        try (SeekableByteChannel to = Files.newByteChannel(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE,
                creation)) {
            return copy(session, device, range, (position, bytes, length) -> {
                byte[] chunk = length == bytes.length ? bytes : new byte[length];
                requests.read(position, chunk);
                writeFully(to, ByteBuffer.wrap(chunk));
            });
        }
    }

    private static RangeDTO fromFile(CommandSession session, BlockDevice device, Path path, Size position, Size length,
            boolean yes) throws IOException, CommandException {
        BlockCommands.checkWritable(device);
        if (Files.isDirectory(path)) {
            throw new CommandException(path + " is a directory");
        }
        Requests requests = new Requests(device);
        try (SeekableByteChannel from = Files.newByteChannel(path)) {
            long bytes = length == null ? from.size() : length.bytes("length", 0, from.size());
            Range range = Range.of(device, position, new Size(Long.toString(bytes)));
            if (!yes) {
                throw unconfirmed("overwrite " + range.on(device) + " with " + path);
            }
            RangeDTO result = copy(session, device, range, (at, chunk, count) -> {
                readFully(from, ByteBuffer.wrap(chunk, 0, count));
                requests.write(at, chunk, count);
            });
            requests.flush();
            return result;
        }
    }

    private static void readFully(SeekableByteChannel from, ByteBuffer chunk) throws IOException {
        while (chunk.hasRemaining()) {
            if (from.read(chunk) < 0) {
                throw new EOFException("the file has shrunk to " + from.size() + " bytes");
            }
        }
    }

    private static void writeFully(SeekableByteChannel to, ByteBuffer chunk) throws IOException {
        while (chunk.hasRemaining()) {
            to.write(chunk);
        }
    }

    private static RangeDTO copy(CommandSession session, BlockDevice device, Range range, Step step)
            throws IOException, CommandException {
        long start = System.nanoTime();
        byte[] chunk = new byte[CHUNK];
        try (Progress progress = Progress.of(session, "copying", range.length())) {
            for (long done = 0; done < range.length();) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CommandException("interrupted after " + done + " of " + range.length() + " bytes");
                }
                int length = (int) Math.min(CHUNK, range.length() - done);
                step.go(range.position() + done, chunk, length);
                done += length;
                progress.bytes(done, System.nanoTime() - start);
            }
        }
        RangeDTO result = new RangeDTO();
        result.device = device.name();
        result.action = "copied";
        result.position = range.position();
        result.length = range.length();
        result.nanos = System.nanoTime() - start;
        return result;
    }
}
