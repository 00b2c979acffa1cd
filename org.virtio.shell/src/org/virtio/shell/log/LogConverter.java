// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import java.util.List;
import org.apache.felix.service.command.Converter;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.shell.print.Form;
import org.virtio.shell.print.FormConverter;
import org.virtio.shell.print.Table;

/** Prints loggers. */
@Component(service = Converter.class)
public final class LogConverter extends FormConverter {
    /** Created by Declarative Services. */
    @Activate
    public LogConverter() {
        super(List.of(Form.of(LoggerDTO.class, new Table<LoggerDTO>()
            .column("LOGGER", l -> l.name).column("LEVEL", l -> l.level)
            .column("FROM", l -> l.from.equals(l.name) ? "" : l.from))));
    }
}
