// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.virtio.device.DeviceAddress;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.OpenResources;
import org.virtio.spec.DeviceStatus;
import org.virtio.transport.QueueSetup;
import org.virtio.transport.Transport;

/** A provider with one path, which reaches one function: a block device that does as a test says. */
abstract class TransportFixture {
    static final PciAddress WHERE = PciAddress.parse("0000:00:05.0");
    static final int RUNNING = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;

    final RecordingListener listener = new RecordingListener();
    final FakeDevice device = new FakeDevice(64);
    final AccessPath path = path();
    boolean reaches = true;
    Runnable duringOpen = () -> { };
    PciProvider provider;
    private long descriptors;

    @BeforeEach
    void start() throws IOException {
        descriptors = OpenResources.fileDescriptors();
        provider = new PciProvider();
        provider.bindPath(path);
    }

    @AfterEach
    void stop() {
        provider.deactivate();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(descriptors);
    }

    AccessPath path() {
        return new AccessPath() {
            @Override
            public String name() {
                return "fake";
            }

            @Override
            public boolean reaches(PciAddress address) {
                return reaches && address.equals(WHERE);
            }

            @Override
            public PciFunction open(PciAddress address) {
                duringOpen.run();
                return device.function;
            }
        };
    }

    final Transport open(String options) throws VirtioException {
        return provider.open(DeviceAddress.parse("pci:" + WHERE + options), listener);
    }

    final Transport negotiated(FeatureSet features) throws VirtioException {
        Transport transport = open("");
        transport.status(DeviceStatus.RESET);
        transport.status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        transport.driverFeatures(features);
        transport.status(RUNNING);
        device.writes.clear();
        return transport;
    }

    static QueueSetup setup(int index) {
        return new QueueSetup(index, 64, 0x1_0000_1000L, 0x1_0000_2000L, 0x1_0000_3000L);
    }
}
