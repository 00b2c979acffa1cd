// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.virtio.device.DeviceAddress;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.posix.OpenResources;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;
import org.virtio.spec.PciIsr;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;
import org.virtio.transport.Transport;

/** What is written to a device's registers, and devices that do not go along with it. */
class PciTransportTest {
    private static final PciAddress WHERE = PciAddress.parse("0000:00:05.0");
    private static final int RUNNING = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;

    private final RecordingListener listener = new RecordingListener();
    private final FakeDevice device = new FakeDevice(64);
    private final AccessPath path = path();
    private PciProvider provider;
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

    private AccessPath path() {
        return new AccessPath() {
            @Override
            public String name() {
                return "fake";
            }

            @Override
            public boolean reaches(PciAddress address) {
                return address.equals(WHERE);
            }

            @Override
            public PciFunction open(PciAddress address) {
                return device.function;
            }
        };
    }

    private Transport open(String options) throws VirtioException {
        return provider.open(DeviceAddress.parse("pci:" + WHERE + options), listener);
    }

    private Transport negotiated(FeatureSet features) throws VirtioException {
        Transport transport = open("");
        transport.status(DeviceStatus.RESET);
        transport.status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        transport.driverFeatures(features);
        transport.status(RUNNING);
        device.writes.clear();
        return transport;
    }

    private static QueueSetup setup(int index) {
        return new QueueSetup(index, 64, 0x1_0000_1000L, 0x1_0000_2000L, 0x1_0000_3000L);
    }

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
        return device.function.config.read16(ConfigHeaderLayout.COMMAND);
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
    void aFunctionThatReadsAllOnesIsGone() throws Exception {
        try (Transport transport = open("")) {
            device.allOnes = true;
            assertThat(transport.status()).as("it still has a vendor").isEqualTo(0xff);
            device.function.config.write16(ConfigHeaderLayout.VENDOR_ID, ConfigHeaderLayout.NO_FUNCTION);
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class).hasMessageContaining("all ones");
            assertThat(listener.next()).startsWith("failed: ").contains("all ones");
            assertThatThrownBy(transport::deviceFeatures).isInstanceOf(VirtioException.class).hasMessageContaining("all ones");
        }
    }

    @Test
    void aFunctionThatReadsZerosIsAskedWhetherItIsThere() throws VirtioException {
        try (Transport transport = open("")) {
            device.function.config.write16(ConfigHeaderLayout.VENDOR_ID, ConfigHeaderLayout.NO_FUNCTION);
            assertThatThrownBy(transport::status).hasMessageContaining("removed");
        }
    }

    @Test
    void aBrokenPathFailsTheTransportOnce() throws Exception {
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1))) {
            QueueNotifier queue = transport.setUpQueue(setup(0));
            device.broken = "the socket is closed";
            queue.notifyDevice(0);
            assertThat(listener.next()).isEqualTo("failed: the socket is closed");
            assertThatThrownBy(transport::maxQueues).isInstanceOf(VirtioException.class).hasMessage("the socket is closed");
            provider.removed(WHERE);
            assertThat(listener.next()).isEqualTo("removed: the function was removed from the host");
        }
    }

    @Test
    void aRemovedFunctionFailsAndIsRemoved() throws Exception {
        try (Transport transport = open("")) {
            provider.removed(PciAddress.parse("0000:00:06.0"));
            provider.removed(WHERE);
            assertThat(listener.next()).isEqualTo("failed: the function was removed from the host");
            assertThat(listener.next()).isEqualTo("removed: the function was removed from the host");
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class);
        }
    }

    @Test
    void aPathThatGoesTakesItsDevicesAlong() throws Exception {
        try (Transport transport = open("")) {
            provider.unbindPath(path());
            assertThat(transport.deviceType()).as("another path went").isEqualTo(DeviceType.BLOCK);
            provider.unbindPath(path);
            assertThat(listener.next()).isEqualTo("failed: the access path 'fake' went");
            assertThat(listener.next()).isEqualTo("removed: the access path 'fake' went");
        }
    }

    @Test
    void aFunctionIsOpenOnceAtATime() throws VirtioException {
        try (Transport transport = open("")) {
            assertThatThrownBy(() -> open("")).isInstanceOf(VirtioException.class).hasMessageContaining("attached already");
            assertThat(transport.deviceType()).isEqualTo(DeviceType.BLOCK);
        }
        open("").close();
    }

    @Test
    void aDeviceThatIsPolledTellsOfItsConfigurationAndOfItsEnd() throws Exception {
        try (Transport transport = open("?interrupts=poll")) {
            assertThat(transport.details()).containsEntry("interrupts", "polling");
            device.isr = PciIsr.CONFIGURATION;
            assertThat(listener.next()).isEqualTo("configuration changed");
            device.status = DeviceStatus.DEVICE_NEEDS_RESET;
            device.isr = PciIsr.CONFIGURATION;
            assertThat(listener.next()).contains("DEVICE_NEEDS_RESET");
        }
    }

    @Test
    void functionsThatAreNoVirtioDevicesAreRefusedAndClosed() {
        device.function.config.write16(ConfigHeaderLayout.DEVICE_ID, 0x1080);
        assertRefused("it is 1af4:1080, no virtio device");
        device.function.config.write16(ConfigHeaderLayout.DEVICE_ID, 0x1040);
        assertRefused("device ID 0 is not assigned");
        device.function.config.write16(ConfigHeaderLayout.VENDOR_ID, ConfigHeaderLayout.NO_FUNCTION);
        assertRefused("there is no function");
        assertThat(device.function.calls).containsExactly("close", "close", "close");
    }

    private void assertRefused(String reason) {
        assertThatThrownBy(() -> open("")).isInstanceOf(VirtioException.class).hasMessageContaining(WHERE.toString())
            .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"?interrupts=often; none of auto, msix, intx, poll",
        "?registers=all; neither bar nor config", "?queues=0; from 1 to 65535", "?colour=red; unknown option"})
    void badOptionsAreRefusedByName(String options, String reason) {
        assertThatThrownBy(() -> open(options)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"?interrupts=msix; there is no MSI-X by way of fake",
        "?interrupts=intx; there is no INTx by way of fake", "?access=vfio; there is no access path 'vfio'; there are fake"})
    void whatThePathDoesNotHaveIsRefused(String options, String reason) {
        assertThatThrownBy(() -> open(options)).isInstanceOf(VirtioException.class).hasMessageContaining(reason);
    }

    @Test
    void aDeviceThatGoesAroundItsIommuIsRefused() throws VirtioException {
        device.function.translated = true;
        device.offered[0] = 1L << Feature.VERSION_1;
        assertRefused("does not offer ACCESS_PLATFORM");
        device.offered[0] |= 1L << Feature.ACCESS_PLATFORM;
        open("").close();
    }

    @Test
    void addressesAreChecked() {
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("pci:00:05.0"), listener))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0000:00:05.0");
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("pci:0000:00:06.0"), listener))
            .isInstanceOf(VirtioException.class).hasMessageContaining("(fake)").hasMessageContaining("virtio:scan");
    }
}
