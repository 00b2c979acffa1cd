// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/** How things of one type are printed: one in full, one on a line, or many in a table. */
public final class Form<T> {
    private final Class<T> type;
    private final Table<T> table;
    private final Function<T, String> full;
    private final Function<List<T>, String> below;

    private Form(Class<T> type, Table<T> table, Function<T, String> full, Function<List<T>, String> below) {
        this.type = type;
        this.table = table;
        this.full = full;
        this.below = below;
    }

    /** A type of which one thing is printed in its own way, and of which many have something printed below their table. */
    public static <T> Form<T> of(Class<T> type, Table<T> table, Function<T, String> full, Function<List<T>, String> below) {
        return new Form<>(type, table, full, below);
    }

    /** A type of which one thing is printed in its own way. */
    public static <T> Form<T> of(Class<T> type, Table<T> table, Function<T, String> full) {
        return new Form<>(type, table, full, things -> "");
    }

    /** A type of which one thing is printed as a table with one row. */
    public static <T> Form<T> of(Class<T> type, Table<T> table) {
        return of(type, table, one -> table.print(List.of(one)));
    }

    /** Whether a thing is of the type. */
    public boolean fits(Object thing) {
        return type.isInstance(thing);
    }

    /** One thing, in full. */
    public String full(Object thing) {
        return full.apply(type.cast(thing));
    }

    /** One thing, on a line. */
    public String line(Object thing) {
        return table.line(type.cast(thing));
    }

    /** Many things, all of which fit. */
    public String table(Collection<?> things) {
        List<T> typed = things.stream().map(type::cast).toList();
        String more = below.apply(typed);
        return table.print(typed) + (more.isEmpty() ? "" : "\n\n" + more);
    }
}
