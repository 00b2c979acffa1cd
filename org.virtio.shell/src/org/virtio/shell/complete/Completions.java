// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.complete;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.CommandSessionListener;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.virtio.shell.Services;

/**
 * Has the Tab key complete names and addresses of devices, at the prompts of Gogo and of Karaf. Both complete commands by
 * themselves; neither asks services for arguments of Gogo commands; and what JLine's command {@code complete} adds, Karaf
 * 4.4.10 drops. But both read lines with JLine, whose reader stands in the session, so that each is given a completer when it
 * has first run something.
 */
@Component(service = CommandSessionListener.class)
public final class Completions implements CommandSessionListener {
    private final Candidates candidates;
    /** Null before the first reader, because its class needs JLine, and there may be none. */
    private Readers readers;

    /** Created by Declarative Services. */
    @Activate
    public Completions(BundleContext context) {
        candidates = new Candidates(new Services(context));
    }

    /** Takes back what it gave, for sessions that live longer than this bundle. */
    @Deactivate
    synchronized void deactivate() {
        if (readers != null) {
            readers.takeBack();
        }
    }

    @Override
    public void beforeExecute(CommandSession session, CharSequence command) {
        // A session may end with this command.
    }

    @Override
    public void afterExecute(CommandSession session, CharSequence command, Exception exception) {
        complete(session);
    }

    @Override
    public void afterExecute(CommandSession session, CharSequence command, Object result) {
        complete(session);
    }

    private synchronized void complete(CommandSession session) {
        Object reader = session.get(".reader");
        if (reader != null) {
            if (readers == null) {
                readers = new Readers();
            }
            readers.give(reader, candidates);
        }
    }
}
