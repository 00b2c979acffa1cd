// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

/** A command could not do what it was asked; the message, one line, is all that there is to say. */
public final class CommandException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its message. */
    public CommandException(String message) {
        super(message);
    }

    /** Creates the exception with its message and what caused it. */
    public CommandException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The message alone, because Gogo prints an exception by this. */
    @Override
    public String toString() {
        return getMessage();
    }
}
