// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.virtio.core.fake.FakeFramework;
import org.virtio.core.fake.FakeProvider;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.posix.OpenResources;

/** A registry with one provider, in a fake framework, and the check that nothing of it is left. */
abstract class RegistryFixture {
    static final DeviceAddress ADDRESS = DeviceAddress.parse("fake:/there");

    final FakeFramework framework = new FakeFramework();
    final FakeProvider provider = new FakeProvider("fake");
    final DeviceRegistryComponent registry = new DeviceRegistryComponent(framework.context());
    private long mappings;

    @BeforeEach
    void bind() {
        mappings = OpenResources.mappings();
        registry.bindProvider(provider);
    }

    @AfterEach
    void deactivateAndCount() {
        registry.deactivate();
        registry.unbindProvider(provider);
        assertThat(framework.services).isEmpty();
        assertThat(provider.opened).allMatch(transport -> transport.isClosed());
        assertThat(provider.opened).allMatch(transport -> transport.trespass.get() == null);
        assertThat(OpenResources.mappings()).isEqualTo(mappings);
    }

    DeviceDTO only() {
        assertThat(registry.devices()).hasSize(1);
        return registry.devices().get(0);
    }

    Object property(String name) {
        assertThat(framework.services).hasSize(1);
        return framework.services.get(0).properties.get(name);
    }

    static void start(VirtioDevice device) {
        try {
            device.negotiate(FeatureSet.NONE);
            device.start(1, 1);
        } catch (VirtioException e) {
            throw new AssertionError(e);
        }
    }
}
