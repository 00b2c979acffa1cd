// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;

/** DTOs as JSON. */
public final class Json {
    private static final JSON WRITER = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT, JSON.Feature.WRITE_NULL_PROPERTIES);

    private Json() {
    }

    /** A DTO, or a map or list of them, on several lines. */
    public static String of(Object dto) throws IOException {
        return WRITER.asString(dto);
    }
}
