// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import java.util.List;
import org.apache.felix.service.command.Converter;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.shell.print.Form;
import org.virtio.shell.print.FormConverter;
import org.virtio.shell.print.HexDump;
import org.virtio.shell.print.Table;
import org.virtio.shell.print.Units;

/** Prints what was read, and ranges that something was done with. */
@Component(service = Converter.class)
public final class DataConverter extends FormConverter {
    /** Created by Declarative Services. */
    @Activate
    public DataConverter() {
        super(List.of(
            Form.of(BytesDTO.class, new Table<BytesDTO>()
                .column("POSITION", b -> b.position).column("BYTES", b -> b.bytes.length),
                b -> HexDump.of(b.bytes, b.position)),
            Form.of(RangeDTO.class, new Table<RangeDTO>()
                .column("DEVICE", r -> r.device).column("ACTION", r -> r.action).column("POSITION", r -> r.position)
                .column("LENGTH", r -> r.length).column("TIME", r -> Units.nanos(r.nanos)),
                DataConverter::sentence)));
    }

    private static String sentence(RangeDTO range) {
        return range.device + ": " + Units.bytes(range.length) + " " + range.action + " at position "
            + Units.number(range.position) + " in " + Units.nanos(range.nanos)
            + " (" + Units.rate(range.length, range.nanos) + ")";
    }
}
