// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import java.util.AbstractList;
import java.util.List;

/** A list that a command returns: for scripts a list like any other, for people one that says something when it is empty. */
public final class Listing<T> extends AbstractList<T> {
    private final List<T> things;
    private final String whenEmpty;

    /** These things, and what to say if there are none. */
    public Listing(List<T> things, String whenEmpty) {
        this.things = List.copyOf(things);
        this.whenEmpty = whenEmpty;
    }

    String whenEmpty() {
        return whenEmpty;
    }

    @Override
    public T get(int index) {
        return things.get(index);
    }

    @Override
    public int size() {
        return things.size();
    }
}
