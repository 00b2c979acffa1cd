// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import java.nio.ByteBuffer;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.shell.CommandException;
import org.virtio.shell.Commands;
import org.virtio.shell.Count;
import org.virtio.shell.Progress;
import org.virtio.shell.Size;

/** Commands that fill a block device and check what is on it. */
@Component(service = FillCommands.class, property = {"osgi.command.scope=virtio",
    "osgi.command.function=fill", "osgi.command.function=verify"})
public final class FillCommands extends Commands {
    private static final String PATTERN = "pattern";
    private static final String SEED = "0";

    /** Created by Declarative Services. */
    @Activate
    public FillCommands(BundleContext context) {
        super(context);
    }

    /** Fills. */
    @Descriptor("overwrites a block device, or a range of its blocks, with one byte or with the pattern that verify checks. "
        + "Usage: fill <name> <byte>|pattern [<position> [<length>]] [--seed <number>] --yes")
    public RangeDTO fill(CommandSession session,
            @Descriptor("which pattern to write (default 0)") @Parameter(names = {"-s", "--seed"}, absentValue = SEED)
            String seed,
            @Descriptor("do it; without this, say what would be done")
            @Parameter(names = {"-y", "--yes"}, presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("the block device") String name,
            @Descriptor("a byte from 0 to 255, such as 0 or 0xff, or the word pattern") String content,
            @Descriptor("where to begin, and how many bytes, in whole blocks; all of the device if left out")
            Size... range) throws Exception {
        return run(() -> services.block(name, device -> {
            RangeWork.Source source = source(content, seed);
            Range blocks = Range.ofBlocks(device, at(range, 0), at(range, 1));
            BlockCommands.checkWritable(device);
            if (!yes) {
                throw unconfirmed("overwrite " + blocks.on(device));
            }
            try (Progress progress = Progress.of(session, "writing", blocks.length())) {
                return new RangeWork(device, blocks).fill(source, progress);
            }
        }));
    }

    /** Verifies. */
    @Descriptor("reads a block device, or a range of its blocks, and checks that it holds the pattern that fill wrote; "
        + "fails at the first difference. Usage: verify <name> [<position> [<length>]] [--seed <number>]")
    public RangeDTO verify(CommandSession session,
            @Descriptor("which pattern to expect (default 0)") @Parameter(names = {"-s", "--seed"}, absentValue = SEED)
            String seed,
            @Descriptor("the block device") String name,
            @Descriptor("where to begin, and how many bytes, in whole blocks; all of the device if left out")
            Size... range) throws Exception {
        return run(() -> services.block(name, device -> {
            Pattern pattern = pattern(seed);
            Range blocks = Range.ofBlocks(device, at(range, 0), at(range, 1));
            try (Progress progress = Progress.of(session, "verifying", blocks.length())) {
                return new RangeWork(device, blocks).verify(pattern, progress);
            }
        }));
    }

    private static Size at(Size[] range, int index) throws CommandException {
        if (range.length > 2) {
            throw new CommandException("'" + range[2] + "' is one too many; expected at most a position and a length");
        }
        return index < range.length ? range[index] : null;
    }

    private static RangeWork.Source source(String content, String seed) throws CommandException {
        if (PATTERN.equals(content)) {
            return pattern(seed)::fill;
        }
        byte value = (byte) new Count(content).intValue("what to fill with, if not pattern:", 0, 255);
        return (buffer, length, position) -> fill(buffer, length, value);
    }

    private static void fill(ByteBuffer buffer, int length, byte value) {
        for (int i = 0; i < length; i++) {
            buffer.put(i, value);
        }
    }

    private static Pattern pattern(String seed) throws CommandException {
        return new Pattern(new Count(seed).value("--seed", 0, Long.MAX_VALUE));
    }
}
