// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.Feature;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.Transport;

/** What is written to a device's registers, and devices that do not go along with it. */
class PciTransportTest extends TransportFixture {
    @Test
    void aQueueIsEnabledLastAndNothingIsWrittenThatIsReadOnly() throws VirtioException {
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1))) {
            transport.setUpQueue(setup(1)).notifyDevice(1);
            assertThat(device.writes).containsExactly("22=1", "24=64", "26=65535", "32=4096", "36=1", "40=8192", "44=1",
                "48=12288", "52=1", "22=1", "22=1", "28=1", "notify 4=1");
        }
    }

    @Test
    void notificationsHaveDataAndTheNameThatTheDeviceGives() throws VirtioException {
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1, Feature.NOTIF_CONFIG_DATA))) {
            transport.setUpQueue(setup(2)).notifyDevice(2);
            assertThat(device.writes).endsWith("notify 8=1794");
        }
        FeatureSet both = FeatureSet.of(Feature.VERSION_1, Feature.NOTIF_CONFIG_DATA, Feature.NOTIFICATION_DATA);
        try (Transport transport = negotiated(both)) {
            transport.setUpQueue(setup(1)).notifyDevice(0x8123_0001);
            assertThat(device.writes).endsWith("notify 4=0x81230701");
        }
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1, Feature.NOTIFICATION_DATA))) {
            transport.setUpQueue(setup(1)).notifyDevice(0x8123_0001);
            assertThat(device.writes).endsWith("notify 4=0x81230001");
        }
    }

    /** One that another driver has taken may still write: its memory must go to nobody else. */
    @Test
    void itIsAsQuietAsItsFunction() throws VirtioException {
        for (boolean quiet : new boolean[] {true, false}) {
            device.function.quiet = quiet;
            Transport transport = open("");
            transport.close();
            assertThat(transport.isQuiet()).isEqualTo(quiet);
        }
    }

    @Test
    void allQueuesMayBeNotifiedInOnePlace() throws VirtioException {
        device.function.config.write32(0x70 + 16, 0);
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1))) {
            transport.setUpQueue(setup(2)).notifyDevice(2);
            assertThat(device.writes).endsWith("notify 0=2");
        }
    }

    @Test
    void aPlaceForNotificationsThatIsOutOfBoundsIsRefused() throws VirtioException {
        device.notifyOffset = 8;
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1))) {
            transport.setUpQueue(setup(0));
            assertThatThrownBy(() -> transport.setUpQueue(setup(1))).isInstanceOf(VirtioException.class)
                .hasMessageContaining("queue 1").hasMessageContaining("offset 32").hasMessageContaining("32 bytes");
        }
    }

    @Test
    void featuresGoBeyondThirtyTwoBits() throws VirtioException {
        device.offered[0] = 1L << Feature.VERSION_1 | 1L << Feature.RING_RESET | 1L << 9;
        try (Transport transport = open("")) {
            assertThat(transport.deviceFeatures())
                .isEqualTo(FeatureSet.of(Feature.VERSION_1, Feature.RING_RESET, 9));
            transport.driverFeatures(FeatureSet.of(Feature.VERSION_1, 9));
            assertThat(device.accepted).containsExactly(1 << 9, 1, 0, 0);
        }
    }

    @Test
    void aFeatureWhoseFieldIsNotThereIsNotOffered() throws VirtioException {
        FakeDevice small = new FakeDevice(56);
        small.offered[0] = 1L << Feature.VERSION_1 | 1L << Feature.RING_RESET | 1L << Feature.NOTIF_CONFIG_DATA;
        device.function.bars.put(4, small);
        device.function.config.bytes.put(0, small.function.config.bytes.array());
        try (Transport transport = open("")) {
            assertThat(transport.deviceFeatures()).isEqualTo(FeatureSet.of(Feature.VERSION_1));
        }
    }

    @Test
    void configurationIsReadFieldByField() throws VirtioException {
        try (Transport transport = open("")) {
            assertThat(transport.readConfig(0, 8)).containsExactly(0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11);
            assertThat(transport.readConfig(2, 2)).containsExactly(0x66, 0x55);
            assertThat(transport.readConfig(1, 3)).containsExactly(0x77, 0x66, 0x55);
            transport.writeConfig(4, new byte[] {1, 2, 3, 4});
            assertThat(device.writes).endsWith(FakeDevice.CONFIGURATION + 4 + "=" + 0x04030201);
            assertThat(transport.readConfig(4, 1)).containsExactly(1);
            assertThat(transport.configGeneration()).isEqualTo(5);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 65", "64, 1", "-1, 4", "60, 8", "2147483647, 4"})
    void configurationThatIsNotThereIsRefused(int offset, int length) throws VirtioException {
        try (Transport transport = open("")) {
            assertThatThrownBy(() -> transport.readConfig(offset, length)).isInstanceOf(VirtioException.class)
                .hasMessageContaining("offset " + offset + ", length " + length + ": there are 64 bytes");
        }
    }

    @Test
    void theFunctionMayAccessMemoryOnlyAfterTheFirstReset() throws VirtioException {
        try (Transport transport = open("")) {
            assertThat(command()).isEqualTo(ConfigHeaderLayout.COMMAND_MEMORY);
            transport.status(DeviceStatus.RESET);
            assertThat(command()).isEqualTo(ConfigHeaderLayout.COMMAND_MEMORY);
            transport.status(DeviceStatus.ACKNOWLEDGE);
            assertThat(command()).isEqualTo(ConfigHeaderLayout.COMMAND_MEMORY | ConfigHeaderLayout.COMMAND_BUS_MASTER);
        }
        assertThat(device.function.calls).containsExactly("close");
    }

    private int command() {
        return device.function.config.read16(ConfigHeaderLayout.COMMAND) & ~ConfigHeaderLayout.COMMAND_INTX_DISABLE;
    }

    @Test
    void aVectorThatTheDeviceDoesNotTakeIsNoticed() throws VirtioException {
        device.vector = 7;
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1))) {
            assertThatThrownBy(() -> transport.setUpQueue(setup(0))).isInstanceOf(VirtioException.class)
                .hasMessageContaining("queue 0").hasMessageContaining("0x7");
            assertThatThrownBy(() -> transport.status(RUNNING | DeviceStatus.DRIVER_OK)).isInstanceOf(VirtioException.class)
                .hasMessageContaining("configuration changes");
        }
    }

    @Test
    void aSizeThatTheDeviceDoesNotTakeIsNoticed() throws VirtioException {
        device.sizeIsFixed = true;
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1))) {
            assertThatThrownBy(() -> transport.setUpQueue(setup(0))).isInstanceOf(VirtioException.class)
                .hasMessageContaining("does not take size 64: it reads 256");
        }
    }

    @Test
    void aQueueThatIsEnabledIsNotSetUpAgainBeforeItIsReset() throws VirtioException {
        device.resetReads = 3;
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1, Feature.RING_RESET))) {
            QueueNotifier first = transport.setUpQueue(setup(0));
            assertThatThrownBy(() -> transport.setUpQueue(setup(0))).hasMessageContaining("it was not reset");
            transport.resetQueue(0);
            assertThat(transport.queueSize(0)).isEqualTo(256);
            first.notifyDevice(0);
            assertThat(device.writes).doesNotContain("notify 0=0");
            assertThat(first.await(Long.MAX_VALUE)).as("returns at once").isFalse();
            transport.setUpQueue(setup(0)).notifyDevice(0);
            assertThat(device.writes).contains("58=1").endsWith("notify 0=0");
        }
    }

    @Test
    void aQueueWhoseResetDoesNotEndIsGivenUp() throws VirtioException {
        device.resetReads = Integer.MAX_VALUE;
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1, Feature.RING_RESET))) {
            transport.setUpQueue(setup(0));
            assertThatThrownBy(() -> transport.resetQueue(0)).isInstanceOf(VirtioException.class)
                .hasMessageContaining("queue 0 did not finish its reset within 5000 ms");
        }
    }

    @Test
    void moreQueuesThanTheDeviceHadAtFirstAreNotBelieved() throws VirtioException {
        try (Transport transport = open("")) {
            device.queues = 200;
            assertThat(transport.maxQueues()).isEqualTo(3);
            device.queues = 2;
            assertThat(transport.maxQueues()).isEqualTo(2);
        }
    }

    @Test
    void notificationsThatWouldBeOutOfPlaceAreNotOffered() throws VirtioException {
        device.offered[0] = 1L << Feature.VERSION_1 | 1L << Feature.NOTIFICATION_DATA;
        device.function.config.write32(0x70 + 8, FakeDevice.NOTIFICATION + 2);
        try (Transport transport = open("")) {
            assertThat(transport.deviceFeatures()).isEqualTo(FeatureSet.of(Feature.VERSION_1));
        }
    }
}
