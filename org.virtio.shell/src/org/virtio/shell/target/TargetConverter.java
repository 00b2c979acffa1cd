// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.target;

import java.util.List;
import org.apache.felix.service.command.Converter;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.virtio.shell.print.Form;
import org.virtio.shell.print.FormConverter;
import org.virtio.shell.print.Table;
import org.virtio.shell.print.Units;
import org.virtio.target.TargetDTO;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/** Prints targets. */
@Component(service = Converter.class)
public final class TargetConverter extends FormConverter {
    /**
     * Created by Declarative Services.
     *
     * @param manager not used: where it is, the class of what this prints can be loaded
     */
    @Activate
    public TargetConverter(@Reference TargetManager manager) {
        super(List.of(Form.of(TargetDTO.class, new Table<TargetDTO>()
            .column("SOCKET", t -> t.path).column("DISK", t -> t.disk).column("SIZE", t -> Units.bytes(t.size))
            .column("BLOCK", t -> t.blockSize).column("QUEUES", t -> t.queues)
            .column("ACCESS", TargetConverter::access)
            .column("CONNECTIONS", t -> t.connections).column("REQUESTS", t -> t.requests))));
    }

    private static String access(TargetDTO target) {
        return (target.readOnly ? "read-only" : "read-write")
            + (target.uid == TargetOptions.ANY_UID ? "" : ", uid " + target.uid);
    }
}
