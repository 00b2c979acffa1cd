// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.blk.BlockDevice;
import org.virtio.shell.CommandException;
import org.virtio.shell.Commands;
import org.virtio.shell.Size;

/** Commands that read and write a few bytes of a block device. */
@Component(service = BlockCommands.class, property = {"osgi.command.scope=virtio",
    "osgi.command.function=read", "osgi.command.function=write", "osgi.command.function=flush"})
public final class BlockCommands extends Commands {
    private static final int MAX_READ = 1 << 20;

    /** Created by Declarative Services. */
    @Activate
    public BlockCommands(BundleContext context) {
        super(context);
    }

    /** Reads. */
    @Descriptor("shows bytes of a block device as hexdump -C does. Usage: read <name> <position> <length>")
    public BytesDTO read(
            @Descriptor("the block device") String name,
            @Descriptor("where to begin: any byte, such as 0, 512, 4k, 0x200") Size position,
            @Descriptor("how many bytes, up to 1M") Size length) throws Exception {
        return run(() -> services.block(name, device -> {
            Range range = Range.of(device, position, length);
            length.bytes("length", 1, MAX_READ);
            BytesDTO result = new BytesDTO();
            result.position = range.position();
            result.bytes = new byte[(int) range.length()];
            new Requests(device).read(range.position(), result.bytes);
            return result;
        }));
    }

    /** Writes. */
    @Descriptor("writes a text or bytes to a block device; what stands around them in their blocks stays. "
        + "Usage: write <name> <position> <text or 0x...> --yes")
    public String write(
            @Descriptor("do it; without this, say what would be done")
            @Parameter(names = {"-y", "--yes"}, presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("the block device") String name,
            @Descriptor("where to begin: any byte, such as 0, 512, 4k, 0x200") Size position,
            @Descriptor("a text, written as UTF-8, or 0x and hexadecimal digits") String bytes) throws Exception {
        return run(() -> services.block(name, device -> {
            byte[] data = Bytes.parse(String.valueOf(bytes));
            Range range = Range.of(device, position, new Size(Integer.toString(data.length)));
            checkWritable(device);
            if (!yes) {
                throw unconfirmed("overwrite " + range.on(device));
            }
            Requests requests = new Requests(device);
            requests.write(range.position(), data, data.length);
            requests.flush();
            return data.length + (data.length == 1 ? " byte" : " bytes") + " written at " + range.position();
        }));
    }

    /** Flushes. */
    @Descriptor("makes what was written to a block device durable. Usage: flush <name>")
    public String flush(@Descriptor("the block device") String name) throws Exception {
        return run(() -> services.block(name, device -> {
            new Requests(device).flush();
            return name + " is flushed";
        }));
    }

    static void checkWritable(BlockDevice device) throws CommandException {
        if (device.isReadOnly()) {
            throw new CommandException(device.name() + " is read-only");
        }
    }
}
