// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.virtio.core.fake.FakeProvider;
import org.virtio.core.fake.FakeTransport;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.posix.OpenResources;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.Feature;

/** A device over a fake transport, which must be called by one thread at a time, and the check that nothing leaks. */
abstract class DeviceFixture {
    static final FeatureSet DRIVER = FeatureSet.of(Feature.VERSION_1, Feature.EVENT_IDX, BlkFeature.FLUSH);

    final FakeTransport transport = new FakeTransport();
    final List<String> news = new CopyOnWriteArrayList<>();
    Limits limits = new Limits(Duration.ofMillis(50), Duration.ofMillis(50));
    CoreDevice device;
    /** Regions that a test expects never to be freed. */
    int leaked;
    private long mappings;

    @BeforeEach
    void countMappings() {
        mappings = OpenResources.mappings();
    }

    @AfterEach
    void closeAndCount() {
        if (device != null) {
            device.close();
            assertThat(transport.isClosed()).isTrue();
        }
        assertThat(transport.trespass.get()).isNull();
        assertThat(OpenResources.mappings()).isEqualTo(mappings + leaked);
    }

    CoreDevice open(String options) throws VirtioException {
        FakeProvider provider = new FakeProvider("fake");
        provider.next = () -> transport;
        device = CoreDevice.open(provider, DeviceAddress.parse("fake:here" + options), type -> "disk0", limits);
        device.addListener(new Recorder());
        return device;
    }

    CoreDevice open() throws VirtioException {
        return open("");
    }

    CoreDevice started() throws VirtioException {
        open();
        device.negotiate(DRIVER);
        device.start(4, 1);
        return device;
    }

    private final class Recorder implements DeviceListener {
        @Override
        public void stateChanged(VirtioDevice changed, DeviceState state) {
            news.add(state.name());
        }

        @Override
        public void configurationChanged(VirtioDevice changed) {
            news.add("configuration");
        }
    }
}
