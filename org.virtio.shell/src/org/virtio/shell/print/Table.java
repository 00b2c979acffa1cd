// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/** Prints things as rows of aligned columns: numbers to the right, all else to the left. */
public final class Table<T> {
    private static final String GAP = "  ";

    private record Column<T>(String header, Function<T, Object> value) {
    }

    private final List<Column<T>> columns = new ArrayList<>();

    /** Adds a column. */
    public Table<T> column(String header, Function<T, Object> value) {
        columns.add(new Column<>(header, value));
        return this;
    }

    /** The header and one line per row, without a line end after the last. */
    public String print(Collection<? extends T> rows) {
        List<StringBuilder> lines = new ArrayList<>();
        for (int i = 0; i <= rows.size(); i++) {
            lines.add(new StringBuilder());
        }
        for (Column<T> column : columns) {
            append(lines, column, rows.stream().map(row -> column.value.apply(row)).toList());
        }
        return String.join("\n", lines.stream().map(line -> line.toString().stripTrailing()).toList());
    }

    /** One row's values, with their headers. */
    public String line(T row) {
        return String.join(GAP, columns.stream().map(c -> c.header + " " + text(c.value.apply(row))).toList());
    }

    private void append(List<StringBuilder> lines, Column<T> column, List<Object> values) {
        boolean right = values.stream().anyMatch(Number.class::isInstance);
        int width = values.stream().mapToInt(value -> text(value).length()).max().orElse(0);
        width = Math.max(width, column.header.length());
        for (int i = 0; i < lines.size(); i++) {
            String cell = i == 0 ? column.header : text(values.get(i - 1));
            String padding = " ".repeat(width - cell.length());
            lines.get(i).append(lines.get(i).isEmpty() ? "" : GAP).append(right ? padding + cell : cell + padding);
        }
    }

    private static String text(Object value) {
        return value == null ? "-" : value instanceof Long || value instanceof Integer
            ? Units.number(((Number) value).longValue()) : value.toString();
    }
}
