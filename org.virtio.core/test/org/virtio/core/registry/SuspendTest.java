// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.virtio.core.fake.Await;
import org.virtio.core.fake.FakeProvider;
import org.virtio.core.fake.FakeTransport;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceProperties;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/** Devices that work and lose their transport: they are kept for a while, under the same service. */
class SuspendTest extends RegistryFixture {
    private VirtioDevice started(String options) throws VirtioException {
        VirtioDevice device = registry.attach(DeviceAddress.parse("fake:/there" + options), "disk");
        start(device);
        return device;
    }

    private static DeviceAddress address(String option) {
        return DeviceAddress.parse("fake:/there?" + option);
    }

    private void awaitState(DeviceState state) {
        Await.until("it is " + state, () -> registry.devices().get(0).state.equals(state.name().toLowerCase(Locale.ROOT)));
    }

    @Test
    void aProviderThatComesBackFindsItAsItWas() throws VirtioException {
        VirtioDevice device = started("");
        registry.unbindProvider(provider);
        assertThat(provider.last().isClosed()).as("before the provider may free anything").isTrue();
        assertThat(device.state()).isEqualTo(DeviceState.SUSPENDED);
        assertThat(property(DeviceProperties.STATE)).isEqualTo("suspended");
        assertThat(only().failure).startsWith("the transport 'fake' went");
        registry.bindProvider(provider);
        awaitState(DeviceState.READY);
        assertThat(registry.device("disk")).isSameAs(device);
        Await.until("the service says so", () -> property(DeviceProperties.STATE).equals("ready"));
        assertThat(provider.opened).hasSize(2);
    }

    @Test
    void aDeviceThatIsLostIsSoughtUntilItIsFound() throws VirtioException {
        VirtioDevice device = started("");
        provider.refusal = "nobody listens";
        provider.last().fail("hung up");
        awaitState(DeviceState.SUSPENDED);
        Await.until("it says what is wrong", () -> String.valueOf(device.failure()).equals("hung up; nobody listens"));
        provider.refusal = null;
        awaitState(DeviceState.READY);
        assertThat(device.failure()).isNull();
        // Also at the very moment in which it is back.
        for (int i = 0; i < 300; i++) {
            int opened = provider.opened.size();
            provider.last().fail("hung up again");
            Await.until("it goes on once more", () -> provider.opened.size() > opened && device.state() == DeviceState.READY);
        }
    }

    @Test
    void afterItsGraceTimeItFailsAndIsOpenedAnewLater() throws VirtioException {
        VirtioDevice device = started("?grace=1");
        provider.refusal = "nobody listens";
        provider.last().fail("hung up");
        awaitState(DeviceState.FAILED);
        assertThat(only().failure).isEqualTo("no transport within 1 s: hung up; nobody listens");
        Await.until("its service is gone", framework.services::isEmpty);
        Await.until("it is closed", () -> device.state() == DeviceState.REMOVED);
        provider.refusal = null;
        awaitState(DeviceState.OPEN);
        assertThat(registry.device("disk")).isNotSameAs(device);
    }

    @Test
    void itsGraceTimeEndsAlsoWhileItIsSought() throws VirtioException {
        VirtioDevice device = started("?grace=1");
        CountDownLatch gate = new CountDownLatch(1);
        provider.gate = gate;
        provider.last().fail("hung up");
        awaitState(DeviceState.FAILED);
        Await.until("its service is gone", framework.services::isEmpty);
        assertThat(device.failure()).startsWith("no transport within 1 s");
        gate.countDown();
    }

    @Test
    void aDriverCanStopItWhileItIsSought() throws VirtioException {
        VirtioDevice device = started("");
        CountDownLatch gate = new CountDownLatch(1);
        provider.gate = gate;
        provider.last().fail("hung up");
        awaitState(DeviceState.SUSPENDED);
        device.stop();
        gate.countDown();
        Await.until("it is opened anew", () -> device.state() == DeviceState.REMOVED);
        awaitState(DeviceState.OPEN);
    }

    @Test
    void aDeviceThatMayStillWriteIsNotTrusted() throws VirtioException {
        VirtioDevice device = started("");
        provider.last().quiet = false;
        provider.last().fail("does not answer");
        Await.until("it is opened anew", () -> device.state() == DeviceState.REMOVED && provider.opened.size() == 2);
        assertThat(device.failure()).contains("did not become quiet, does not answer");
    }

    /** The next time, and only then, the device cannot go on, and may still write to memory. */
    private void comesBackLoose() {
        provider.next = () -> {
            provider.next = FakeTransport::new;
            FakeTransport back = new FakeTransport();
            back.failSetUpOf = 0;
            back.quiet = false;
            return back;
        };
    }

    @Test
    void aDeviceThatIsNotToBeTrustedWhenItComesBackIsOpenedAnew() throws VirtioException {
        VirtioDevice device = started("");
        comesBackLoose();
        provider.last().fail("hung up");
        Await.until("it is opened anew", () -> device.state() == DeviceState.REMOVED && provider.opened.size() == 3);
        assertThat(device.failure()).contains("did not become quiet").contains("queue 0 refused");
        awaitState(DeviceState.OPEN);
    }

    @Test
    void aDeviceThatIsNotToBeTrustedWhereItMovesIsOpenedAnewWhereItWas() throws VirtioException {
        VirtioDevice device = started("");
        comesBackLoose();
        DeviceAddress elsewhere = DeviceAddress.parse("fake:/elsewhere");
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.move("disk", elsewhere))
            .withMessageContaining("queue 0 refused");
        Await.until("it is opened anew", () -> device.state() == DeviceState.REMOVED && provider.opened.size() == 3);
        awaitState(DeviceState.OPEN);
        assertThat(only().address).isEqualTo("fake:/there");
    }

    @Test
    void whatABackEndHadNotedGoesWithItsProvider() throws VirtioException {
        started("");
        AtomicInteger closes = new AtomicInteger();
        provider.last().inflight = closes::incrementAndGet;
        provider.refusal = "nobody listens";
        provider.last().fail("hung up");
        awaitState(DeviceState.SUSPENDED);
        assertThat(closes).hasValue(0);
        registry.unbindProvider(provider);
        assertThat(closes).hasValue(1);
    }

    @Test
    void withoutGraceItFailsAtOnce() throws VirtioException {
        VirtioDevice device = started("?grace=0");
        provider.last().fail("hung up");
        assertThat(device.state()).isEqualTo(DeviceState.FAILED);
        registry.detach("disk");
        started("?grace=0");
        registry.unbindProvider(provider);
        assertThat(only().state).isEqualTo("declared");
    }

    @Test
    void aDeviceThatIsDetachedMeanwhileIsGone() throws VirtioException {
        VirtioDevice device = started("");
        registry.unbindProvider(provider);
        registry.detach("disk");
        assertThat(device.state()).isEqualTo(DeviceState.REMOVED);
        registry.bindProvider(provider);
        assertThat(registry.devices()).isEmpty();
        assertThat(provider.opened).hasSize(1);
    }

    @Test
    void aDeviceWhoseDriverLetsGoMeanwhileIsOpenedAnew() throws VirtioException {
        VirtioDevice device = started("");
        registry.unbindProvider(provider);
        device.stop();
        registry.bindProvider(provider);
        awaitState(DeviceState.OPEN);
        assertThat(registry.device("disk")).isNotSameAs(device);
        assertThat(device.state()).isEqualTo(DeviceState.REMOVED);
    }

    @Test
    void aDeviceMovesOrStaysWhereItIs() throws VirtioException {
        VirtioDevice device = started("");
        FakeProvider other = new FakeProvider("other");
        registry.bindProvider(other);
        registry.move("disk", DeviceAddress.parse("other:/place"));
        assertThat(device.state()).isEqualTo(DeviceState.READY);
        assertThat(only().address).isEqualTo("other:/place");
        assertThat(property(DeviceProperties.TRANSPORT)).isEqualTo("other");
        registry.unbindProvider(provider);
        assertThat(device.state()).as("the provider that it left").isEqualTo(DeviceState.READY);
        registry.bindProvider(provider);
        provider.refusal = "nobody listens";
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.move("disk", ADDRESS))
            .withMessage("device disk stays at other:/place: nobody listens");
        awaitState(DeviceState.READY);
        assertThat(only().address).isEqualTo("other:/place");
        assertThatIllegalArgumentException().isThrownBy(() -> registry.move("disk", address("grace=x")));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.move("no", ADDRESS))
            .withMessageContaining("no");
        registry.detach("disk");
        registry.unbindProvider(other);
        provider.refusal = null;
        registry.attach(ADDRESS, "disk");
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.move("disk", ADDRESS))
            .withMessageContaining("cannot move: it is open");
    }

    @Test
    void anAddressThatCannotBeIsRefusedBeforeTheDeviceIsTouched() throws VirtioException {
        VirtioDevice device = started("");
        for (String bad : List.of("fake:/x?colour=red", "fake:/x?size=0")) {
            assertThatIllegalArgumentException().isThrownBy(() -> registry.move("disk", DeviceAddress.parse(bad)));
            assertThatIllegalArgumentException().isThrownBy(() -> registry.check(DeviceAddress.parse(bad)));
        }
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.move("disk", DeviceAddress.parse("no:/x")))
            .withMessage("no transport for 'no' is there; there are [fake]");
        provider.absence = "the path is not there yet";
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.move("disk", ADDRESS))
            .withMessage("the path is not there yet");
        assertThat(device.state()).isEqualTo(DeviceState.READY);
        assertThat(only().suspensions).isZero();
        assertThat(provider.opened).hasSize(1);
    }

    @Test
    void whatIsDeclaredIsLookedAtAsFarAsThatCanBe() throws VirtioException {
        assertThatIllegalArgumentException().isThrownBy(() -> registry.declare(address("colour=red"), "disk"))
            .withMessageContaining("colour");
        assertThat(registry.devices()).isEmpty();
        provider.absence = "the path is not there yet";
        registry.declare(ADDRESS, "waits");
        registry.unbindProvider(provider);
        registry.declare(address("colour=red"), "bad");
        registry.bindProvider(provider);
        Await.until("it tells what is wrong", () -> registry.devices().stream()
            .anyMatch(dto -> dto.name.equals("bad") && String.valueOf(dto.failure).contains("colour")));
    }

    @Test
    void aDeclaredDeviceIsSoughtToo() throws VirtioException {
        provider.refusal = "nobody listens";
        registry.declare(ADDRESS, "disk");
        Await.until("it says what is wrong", () -> "nobody listens".equals(only().failure));
        provider.refusal = null;
        awaitState(DeviceState.OPEN);
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.declare(ADDRESS, "disk"))
            .withMessageContaining("taken");
        assertThatIllegalArgumentException().isThrownBy(() -> registry.declare(address("size=0"), "other"));
    }
}
