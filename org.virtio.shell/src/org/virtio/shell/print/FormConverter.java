// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import java.util.Collection;
import java.util.List;
import org.apache.felix.service.command.Converter;

/** Prints for Gogo what has a {@link Form}. */
public abstract class FormConverter implements Converter {
    private final List<Form<?>> forms;

    /** A converter for what these forms fit. */
    protected FormConverter(List<Form<?>> forms) {
        this.forms = forms;
    }

    /** Converts nothing: Gogo makes the commands' arguments by itself. */
    @Override
    public Object convert(Class<?> desiredType, Object in) {
        return null;
    }

    /** The text, or null if no form fits. */
    @Override
    public CharSequence format(Object target, int level, Converter escape) {
        if (target instanceof Listing<?> listing && listing.isEmpty()) {
            return listing.whenEmpty();
        }
        boolean many = target instanceof Collection<?> things && !things.isEmpty();
        Object example = many ? ((Collection<?>) target).iterator().next() : target;
        for (Form<?> form : forms) {
            if (form.fits(example)) {
                return many ? formatAll(form, (Collection<?>) target, level) : formatOne(form, target, level);
            }
        }
        return null;
    }

    private static CharSequence formatOne(Form<?> form, Object thing, int level) {
        return level == Converter.INSPECT ? form.full(thing) : form.line(thing);
    }

    private static CharSequence formatAll(Form<?> form, Collection<?> things, int level) {
        if (!things.stream().allMatch(form::fits)) {
            return null;
        }
        return level == Converter.INSPECT ? form.table(things)
            : String.join("; ", things.stream().map(form::line).toList());
    }
}
