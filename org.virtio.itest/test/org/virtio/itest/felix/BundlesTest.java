// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.Test;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.FrameworkWiring;
import org.virtio.device.DeviceRegistry;
import org.virtio.target.TargetManager;
import org.virtio.transport.TransportProvider;

/** The bundles of the layout resolve, start and offer their services. */
public class BundlesTest extends FelixTest {
    @Test
    public void bundlesResolveAndStart() {
        assertThat(virtio.bundlesNotActive()).isEmpty();
    }

    @Test
    public void servicesAreThereFromTheStart() {
        virtio.service(DeviceRegistry.class);
        virtio.service(TransportProvider.class);
        virtio.service(TargetManager.class);
        assertThat(virtio.registry().transports()).containsExactly("pci", "vhost-user");
        assertThat(virtio.registry().devices()).isEmpty();
    }

    @Test
    public void transportAndCoreCanBeUpdatedWithoutRefreshingAnother() {
        FrameworkWiring wiring = context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class);
        for (String name : List.of("org.virtio.core", "org.virtio.user", "org.virtio.pci", "org.virtio.shell")) {
            assertThat(wiring.getDependencyClosure(List.of(virtio.bundle(name)))).as(name).containsExactly(virtio.bundle(name));
        }
    }
}
