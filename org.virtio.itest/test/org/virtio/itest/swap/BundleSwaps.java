// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;
import org.virtio.itest.felix.Virtio;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.Failures;

/** All that one does to a bundle, in turn: it is stopped and started, updated, refreshed. */
public final class BundleSwaps {
    private final BundleContext context;
    private final Bundle bundle;
    private final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
    private int count;

    /** Does nothing yet. */
    public BundleSwaps(BundleContext context, String symbolicName) {
        this.context = context;
        this.bundle = new Virtio(context).bundle(symbolicName);
    }

    /** Does the next of these; when this returns the bundle has been started again. */
    public void next() {
        loaders.add(new WeakReference<>(loader()));
        try {
            switch (count++ % 3) {
                case 0 -> {
                    bundle.stop();
                    bundle.start();
                }
                case 1 -> bundle.update();
                default -> refresh();
            }
        } catch (AssertionError | BundleException | InterruptedException e) {
            throw Failures.in("swap " + count + " of " + bundle, e);
        }
    }

    private void refresh() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        FrameworkListener listener = event -> {
            if (event.getType() == FrameworkEvent.PACKAGES_REFRESHED) {
                done.countDown();
            }
        };
        Bundle system = context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION);
        system.adapt(FrameworkWiring.class).refreshBundles(List.of(bundle), listener);
        if (!done.await(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("it is not refreshed");
        }
    }

    private ClassLoader loader() {
        return bundle.adapt(BundleWiring.class).getClassLoader();
    }

    /** Waits until of all class loaders that the bundle has had only the present one is left. */
    public void awaitOneLoader() {
        ClassLoader present = loader();
        Await.until("the class loaders of " + bundle + " as it was before are gone", () -> {
            System.gc();
            return loaders.stream().map(WeakReference::get).allMatch(loader -> loader == null || loader == present);
        });
        if (loaders.stream().noneMatch(loader -> loader.get() == null)) {
            throw new AssertionError(bundle + " has had no other class loader");
        }
    }
}
