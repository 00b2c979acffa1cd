// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.device.DeviceAddress;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.posix.OpenResources;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.Feature;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;

/** A provider, a listener, and a count of what is open, for tests with a {@link ScriptedBackEnd}. */
abstract class ScriptedTest {
    @TempDir
    Path directory;
    final RecordingListener listener = new RecordingListener();
    VhostUserProvider provider;
    private long fileDescriptors;
    private long mappings;

    @BeforeEach
    void startProvider() throws IOException {
        fileDescriptors = OpenResources.fileDescriptors();
        mappings = OpenResources.mappings();
        provider = new VhostUserProvider();
    }

    @AfterEach
    void nothingIsLeft() {
        provider.deactivate();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(fileDescriptors);
        assertThat(OpenResources.mappings()).isEqualTo(mappings);
    }

    /** File descriptors that were opened since the test began, with the provider's own. */
    long openFileDescriptors() {
        return OpenResources.fileDescriptors() - fileDescriptors;
    }

    VhostUserTransport open(ScriptedBackEnd backEnd, String options) throws VirtioException {
        return (VhostUserTransport) provider.open(DeviceAddress.parse("vhost-user:" + backEnd.path() + options), listener);
    }

    void map(VhostUserTransport transport, TestRegion region) throws VirtioException {
        assertThat(transport.map(region)).isEqualTo(region.address());
    }

    /** Takes a device through its initialisation, with so many queues. */
    static QueueNotifier[] start(VhostUserTransport transport, int queues) throws VirtioException {
        return start(transport, queues, FeatureSet.of(Feature.VERSION_1));
    }

    static QueueNotifier[] start(VhostUserTransport transport, int queues, FeatureSet features) throws VirtioException {
        transport.status(DeviceStatus.RESET);
        transport.driverFeatures(features);
        transport.status(DeviceStatus.FEATURES_OK);
        QueueNotifier[] notifiers = new QueueNotifier[queues];
        for (int i = 0; i < queues; i++) {
            notifiers[i] = transport.setUpQueue(queue(i, 256));
        }
        transport.status(DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
        return notifiers;
    }

    static QueueSetup queue(int index, int size) {
        return new QueueSetup(index, size, 0x1000, 0x2000, 0x3000);
    }
}
