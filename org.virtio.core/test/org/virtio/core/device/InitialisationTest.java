// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.core.fake.FakeProvider;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.Feature;
import org.virtio.transport.QueueSetup;

/** The sequence of section 3.1.1, and devices that do not go along with it. */
class InitialisationTest extends DeviceFixture {
    @Test
    void theSequenceIsTheSpecifications() throws VirtioException {
        open();
        assertThat(device.state()).isEqualTo(DeviceState.OPEN);
        transport.calls.clear();
        device.negotiate(DRIVER);
        assertThat(device.start(2, 1)).isEqualTo(2);
        assertThat(transport.calls).containsExactly("status RESET", "status ACKNOWLEDGE", "deviceFeatures", "maxQueues",
            "status ACKNOWLEDGE|DRIVER", "driverFeatures", "status ACKNOWLEDGE|DRIVER|FEATURES_OK", "maxQueues",
            "queueSize 0", "map", "setUpQueue 0", "queueSize 1", "setUpQueue 1",
            "status ACKNOWLEDGE|DRIVER|FEATURES_OK|DRIVER_OK");
        assertThat(device.state()).isEqualTo(DeviceState.READY);
        assertThat(device.queueCount()).isEqualTo(2);
        assertThat(device.fixedQueueCount()).isEqualTo(1);
        assertThat(device.failure()).isNull();
        assertThat(news).containsExactly("READY");
    }

    @Test
    void featuresInForceAreThoseThatBothSidesHave() throws VirtioException {
        transport.features = FeatureSet.of(IntStream.range(0, 200).toArray());
        open();
        device.negotiate(FeatureSet.of(IntStream.range(0, 200).filter(bit -> bit != BlkFeature.RO).toArray()));
        Set<Integer> ring = Set.of(Feature.INDIRECT_DESC, Feature.EVENT_IDX, Feature.VERSION_1, Feature.RING_PACKED,
            Feature.IN_ORDER, Feature.NOTIFICATION_DATA, Feature.NOTIF_CONFIG_DATA, Feature.RING_RESET, Feature.ACCESS_PLATFORM,
            Feature.ORDER_PLATFORM);
        FeatureSet expected = FeatureSet.of(IntStream.range(0, 200)
            .filter(bit -> bit != BlkFeature.RO)
            .filter(bit -> bit < 24 || bit >= 50 && bit < 128 || ring.contains(bit))
            .toArray());
        assertThat(device.negotiatedFeatures()).isEqualTo(expected);
        assertThat(transport.accepted).isEqualTo(expected);
        assertThat(device.deviceFeatures()).isEqualTo(transport.features);
    }

    @Test
    void whatTheRingsNeedIsAskedForWhateverTheDriverSays() throws VirtioException {
        open().negotiate(FeatureSet.NONE);
        assertThat(device.negotiatedFeatures()).isEqualTo(FeatureSet.of(Feature.VERSION_1, Feature.EVENT_IDX));
    }

    @ParameterizedTest
    @CsvSource({"event_idx," + Feature.EVENT_IDX, "packed," + Feature.RING_PACKED, "in_order," + Feature.IN_ORDER,
        "indirect," + Feature.INDIRECT_DESC})
    void aRingFeatureCanBeSwitchedOffByTheAddress(String option, int bit) throws VirtioException {
        transport.features = transport.features.with(bit);
        open("?" + option + "=off").negotiate(DRIVER);
        assertThat(device.negotiatedFeatures().contains(bit)).isFalse();
    }

    @Test
    void aDeviceWithoutVersion1IsGivenUp() throws VirtioException {
        transport.features = FeatureSet.of(Feature.EVENT_IDX, BlkFeature.RO);
        open();
        assertGivenUp(() -> device.negotiate(DRIVER)).hasMessageContaining("does not offer VERSION_1")
            .hasMessageContaining("BLK_RO");
        assertThat(transport.accepted).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {DeviceStatus.ACKNOWLEDGE, DeviceStatus.DRIVER})
    void aStatusBitThatDoesNotStickIsNoticed(int bit) throws VirtioException {
        open();
        transport.refusedStatus = bit;
        assertGivenUp(() -> device.negotiate(DRIVER)).hasMessageContaining("did not take status")
            .hasMessageContaining(DeviceStatus.toString(bit));
    }

    @Test
    void aDeviceThatRefusesTheFeaturesIsGivenUp() throws VirtioException {
        open();
        transport.refusedStatus = DeviceStatus.FEATURES_OK;
        assertGivenUp(() -> device.negotiate(DRIVER)).hasMessageContaining("does not accept the features [EVENT_IDX, VERSION_1]");
        transport.refusedStatus = 0;
        device.negotiate(DRIVER);
        assertThat(device.start(1, 1)).isEqualTo(1);
        assertThat(device.failure()).isNull();
    }

    @Test
    void aDeviceThatDoesNotGoLiveIsGivenUp() throws VirtioException {
        open();
        device.negotiate(DRIVER);
        transport.refusedStatus = DeviceStatus.DRIVER_OK;
        assertGivenUp(() -> device.start(2, 1)).hasMessageContaining("DRIVER_OK");
        assertThat(device.queueCount()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> device.acquireQueue(0));
        assertThatIllegalStateException().isThrownBy(() -> device.start(2, 1)).withMessageContaining("stop it first");
        assertThat(device.memory().allocated()).as("the device may know of the rings").isPositive();
        device.stop();
        assertThat(device.memory().allocated()).isZero();
        assertThat(device.failure()).contains("DRIVER_OK");
    }

    @Test
    void aDeviceThatNeedsAResetIsGivenUp() throws VirtioException {
        open();
        transport.addedStatus = DeviceStatus.DEVICE_NEEDS_RESET;
        assertGivenUp(() -> device.negotiate(DRIVER)).hasMessageContaining("DEVICE_NEEDS_RESET");
    }

    @Test
    void aResetMayTakeAWhile() throws VirtioException {
        transport.resetReads = 5;
        open().negotiate(DRIVER);
        assertThat(device.negotiatedFeatures().contains(Feature.VERSION_1)).isTrue();
    }

    @Test
    void aResetThatNeverEndsIsGivenUp() throws VirtioException {
        open();
        transport.resetNeverEnds = true;
        assertGivenUp(() -> device.negotiate(DRIVER)).hasMessageContaining("did not finish its reset within 50 ms")
            .hasMessageContaining("ACKNOWLEDGE");
    }

    @Test
    void aDeviceThatCannotBeOpenedIsDisconnected() {
        transport.refusedStatus = DeviceStatus.ACKNOWLEDGE;
        FakeProvider provider = new FakeProvider("fake");
        provider.next = () -> transport;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(
            () -> CoreDevice.open(provider, DeviceAddress.parse("fake:here"), type -> "disk0", limits));
        assertThat(transport.isClosed()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 1023, 65536, -1})
    void aQueueSizeThatCannotBeIsRefusedWithItsNumber(int size) throws VirtioException {
        transport.queueSize(1, size);
        open().negotiate(DRIVER);
        assertGivenUp(() -> device.start(2, 1)).hasMessageContaining("queue 1").hasMessageContaining("size " + size + " ");
    }

    @Test
    void aQueueIsAsLargeAsBothSidesWant() throws VirtioException {
        transport.queueSize(0, 32768).queueSize(1, 16).queueSize(2, 64).queueSize(3, 1);
        open("?size=64").negotiate(DRIVER);
        device.start(4, 0);
        assertThat(transport.queues).extracting(QueueSetup::size).containsExactly(64, 16, 64, 1);
        assertThat(transport.queues).extracting(QueueSetup::index).containsExactly(0, 1, 2, 3);
        assertThat(transport.queues).extracting(QueueSetup::descriptorArea).doesNotHaveDuplicates()
            .allMatch(address -> address % 4096 == 0);
    }

    @Test
    void fewerQueuesThanWantedAreTaken() throws VirtioException {
        transport.maxQueues = 2;
        open().negotiate(DRIVER);
        assertThat(device.start(8, 2)).isEqualTo(2);
        assertThat(device.maxQueues()).isEqualTo(2);
    }

    @Test
    void fewerQueuesThanFixedAreAnError() throws VirtioException {
        transport.maxQueues = 2;
        open().negotiate(DRIVER);
        assertGivenUp(() -> device.start(8, 3)).hasMessageContaining("2 queue(s)").hasMessageContaining("needs 3");
    }

    @Test
    void aDeviceWithoutQueuesStarts() throws VirtioException {
        transport.maxQueues = 0;
        open().negotiate(DRIVER);
        assertThat(device.start(0, 0)).isZero();
        assertThat(device.state()).isEqualTo(DeviceState.READY);
    }

    @Test
    void aQueueThatCannotBeSetUpIsAnError() throws VirtioException {
        transport.failSetUpOf = 2;
        open().negotiate(DRIVER);
        assertGivenUp(() -> device.start(4, 1)).hasMessageContaining("queue 2 refused");
        device.stop();
        assertThat(device.memory().allocated()).isZero();
    }

    @Test
    void noMemoryForAQueueIsAnError() throws VirtioException {
        transport.maxRegions = 0;
        open().negotiate(DRIVER);
        assertGivenUp(() -> device.start(1, 1)).hasMessageContaining("no memory for queue 0 of size 512")
            .hasMessageContaining("no more than 0 regions");
    }

    @Test
    void aDriverMayGiveUpAndTheReasonStaysUntilAStartGoesWell() throws VirtioException {
        started().giveUp("the capacity is no whole number of blocks");
        assertThat(transport.calls.get(transport.calls.size() - 1)).startsWith("status").endsWith("FAILED");
        assertThat(device.failure()).isEqualTo("the capacity is no whole number of blocks");
        device.stop();
        assertThat(device.state()).isEqualTo(DeviceState.OPEN);
        assertThat(device.dump().failure).isEqualTo("the capacity is no whole number of blocks");
        device.negotiate(DRIVER);
        assertThat(device.failure()).isNotNull();
        device.start(1, 1);
        assertThat(device.failure()).isNull();
    }

    @Test
    void aDriverThatGaveUpBeforeStartCannotGoOn() throws VirtioException {
        open().negotiate(DRIVER);
        device.giveUp("no");
        assertThatIllegalStateException().isThrownBy(() -> device.start(1, 1)).withMessageContaining("stop it first");
        assertThat(device.failure()).isEqualTo("no");
    }

    @Test
    void whoDoesNotHaveTheDeviceCannotGiveItUp() throws VirtioException {
        open();
        transport.calls.clear();
        device.giveUp("not mine");
        assertThat(device.failure()).isNull();
        device.negotiate(DRIVER);
        device.close();
        device.giveUp("not mine any more");
        assertThat(device.failure()).isNull();
        assertThat(transport.calls).noneMatch(call -> call.endsWith("FAILED"));
    }

    @Test
    void aDeviceThatCannotBeToldIsGivenUpAllTheSame() throws VirtioException {
        started();
        transport.dead = "connection reset by peer";
        device.giveUp("the reason");
        assertThat(device.failure()).isEqualTo("the reason");
        transport.listener.failed("hung up");
        device.giveUp("another");
        assertThat(device.failure()).isEqualTo("hung up");
    }

    @Test
    void stepsOutOfOrderAreRefused() throws VirtioException {
        open();
        assertThatIllegalStateException().isThrownBy(() -> device.start(1, 1)).withMessageContaining("not negotiated");
        assertThatIllegalArgumentException().isThrownBy(() -> device.start(1, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> device.start(1, -1));
        device.negotiate(DRIVER);
        assertThatIllegalStateException().isThrownBy(() -> device.negotiate(DRIVER)).withMessageContaining("has a driver");
        device.start(1, 1);
        assertThatIllegalStateException().isThrownBy(() -> device.start(1, 1));
        device.close();
        assertThatIllegalStateException().isThrownBy(() -> device.negotiate(DRIVER)).withMessageContaining("is closed");
    }

    private AbstractThrowableAssert<?, ?> assertGivenUp(ThrowingCallable step) {
        AbstractThrowableAssert<?, ?> thrown =
            assertThatThrownBy(step).isExactlyInstanceOf(VirtioException.class);
        assertThat(transport.calls.get(transport.calls.size() - 1)).startsWith("status").endsWith("FAILED");
        assertThat(device.state()).isEqualTo(DeviceState.OPEN);
        assertThat(device.failure()).isNotNull();
        return thrown;
    }
}
