// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import javax.inject.Inject;
import org.junit.After;
import org.junit.Before;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.options.UrlProvisionOption;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.BundleContext;

/**
 * A test in Felix with the bundles of the release layout. Each leaves behind what it found: no device, no target, no more
 * descriptors, mappings and threads than before.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public abstract class FelixTest {
    /** The context of the bundle that Pax Exam makes of the tests. */
    @Inject
    protected BundleContext context;

    /** The system under test. */
    protected Virtio virtio;

    private Resources before;

    /** Every bundle of the layout but the prompt, unless a test says otherwise. */
    @Configuration
    public Option[] configuration() throws IOException {
        List<Option> options = new ArrayList<>();
        for (Path jar : bundles()) {
            options.add(provision(jar));
        }
        for (Path jar : Layout.jars(Path.of(System.getProperty("virtio.test.bundles")))) {
            options.add(provision(jar));
        }
        options.add(junitBundles());
        options.add(frameworkProperty("felix.log.level").value("1"));
        return options.toArray(Option[]::new);
    }

    /** What is tested. */
    protected List<Path> bundles() {
        return Layout.bundles();
    }

    private static Option provision(Path jar) throws IOException {
        UrlProvisionOption option = bundle(jar.toUri().toString());
        try (JarFile file = new JarFile(jar.toFile())) {
            boolean fragment = file.getManifest().getMainAttributes().getValue("Fragment-Host") != null;
            // As in the layout's configuration, so that no bundle misses it.
            boolean logging = jar.getParent().endsWith("logging");
            return fragment ? option.noStart() : logging ? option.startLevel(1) : option;
        }
    }

    /** Remembers what is open. */
    @Before
    public final void remember() {
        virtio = new Virtio(context);
        virtio.startAll();
        before = Resources.now();
    }

    /** Lets go of what the test made, and finds that nothing is left of it. */
    @After
    public final void nothingIsLeft() throws Exception {
        virtio.startAll();
        virtio.detachAll();
        virtio.deleteTargets();
        Resources.awaitBack(before);
        assertThat(virtio.bundlesNotActive()).isEmpty();
    }
}
