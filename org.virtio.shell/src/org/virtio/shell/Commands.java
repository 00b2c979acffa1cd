// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import org.apache.felix.service.command.Descriptor;
import org.osgi.framework.BundleContext;
import org.virtio.memory.DmaExhaustedException;

/** What all command classes share: services, and errors of one line each. */
public abstract class Commands {
    private static final String USAGE = "Usage: ";

    /** The services that commands use. */
    protected final Services services;

    /** Commands that find their services in this context. */
    protected Commands(BundleContext context) {
        this.services = new Services(context);
    }

    /**
     * Called by Gogo when the arguments fit no method of the command's name.
     *
     * @param words the command's name and its arguments
     */
    public Object _main(String[] words) throws CommandException {
        for (Method method : getClass().getMethods()) {
            Descriptor description = method.getAnnotation(Descriptor.class);
            if (description != null && method.getName().equalsIgnoreCase(words[0])) {
                String text = description.value();
                throw new CommandException("these arguments do not fit; usage: virtio:"
                    + text.substring(text.indexOf(USAGE) + USAGE.length()));
            }
        }
        throw new CommandException("there is no command virtio:" + words[0]);
    }

    /**
     * What a command says that would destroy something, or take it from someone, and was not told to do it.
     *
     * @param what it would do, behind the words "this would"
     */
    protected static CommandException unconfirmed(String what) {
        return new CommandException("this would " + what + "; add --yes to do it");
    }

    /** Runs a command's body, and makes one line of what an API throws to say that something cannot be done. */
    protected static <T> T run(Callable<T> body) throws Exception {
        try {
            return body.call();
        } catch (NoSuchFileException e) {
            throw new CommandException("there is no such file or directory: " + e.getFile(), e);
        } catch (FileAlreadyExistsException e) {
            throw new CommandException(e.getFile() + " exists already", e);
        } catch (AccessDeniedException e) {
            throw new CommandException("access to " + e.getFile() + " is denied", e);
        } catch (IOException | IllegalArgumentException | IllegalStateException | DmaExhaustedException e) {
            if (e.getMessage() == null) {
                throw e;
            }
            throw new CommandException(e.getMessage(), e);
        }
    }
}
