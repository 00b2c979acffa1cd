// SPDX-License-Identifier: Apache-2.0
package org.virtio.karaf.swap;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Map;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.virtio.itest.swap.TransportSwaps;

/** The command {@code test:swaps}: does what {@link TransportSwaps} says in the framework in which this bundle is. */
public final class SwapCommand implements BundleActivator {
    private BundleContext context;

    @Override
    public void start(BundleContext present) {
        context = present;
        Dictionary<String, Object> properties =
            new Hashtable<>(Map.of("osgi.command.scope", "test", "osgi.command.function", "swaps"));
        context.registerService(SwapCommand.class, this, properties);
    }

    @Override
    public void stop(BundleContext present) {
        // The framework unregisters the service.
    }

    /** Returns how long devices stood still, or else the failure: of what a command throws, Karaf prints the message alone. */
    public String swaps(String directory, int count) {
        try {
            TransportSwaps swaps = new TransportSwaps(context, Path.of(directory));
            swaps.run(count);
            return count + " swaps; pauses, ms: " + swaps.pauses();
        } catch (Exception | AssertionError e) {
            StringWriter text = new StringWriter();
            e.printStackTrace(new PrintWriter(text));
            return text.toString();
        }
    }
}
