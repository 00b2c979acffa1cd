// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.virtio.core.fake.Await;
import org.virtio.core.fake.FakeProvider;
import org.virtio.core.fake.FakeTransport;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/** Devices whose transports come and go. */
class ProviderLifeTest extends RegistryFixture {
    private final ExecutorService executor = Executors.newSingleThreadExecutor();

    @AfterEach
    void shutDown() {
        executor.shutdownNow();
    }

    @Test
    void whenTheProviderGoesItsDevicesAreClosedAndStayDeclared() throws VirtioException {
        VirtioDevice device = registry.attach(ADDRESS, "disk");
        registry.unbindProvider(provider);
        assertThat(provider.last().isClosed()).as("closed before the provider may free anything").isTrue();
        assertThat(device.state()).isEqualTo(DeviceState.REMOVED);
        assertThat(framework.services).isEmpty();
        assertThat(only().state).isEqualTo("declared");
        assertThat(only().name).isEqualTo("disk");
        assertThat(only().address).isEqualTo("fake:/there");
        assertThat(registry.device("disk")).isNull();
        assertThat(registry.transports()).isEmpty();
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.attach(ADDRESS, "disk"))
            .withMessageContaining("taken");
    }

    @Test
    void whenItComesAgainTheyAreOpenedAgainOnAnotherThread() throws VirtioException {
        VirtioDevice first = registry.attach(ADDRESS, "disk");
        registry.unbindProvider(provider);
        registry.bindProvider(provider);
        Await.until("the device is back", () -> framework.services.size() == 1);
        assertThat(provider.opener.getName()).isEqualTo("virtio-registry");
        assertThat(registry.device("disk")).isNotNull().isNotSameAs(first).isSameAs(framework.services.get(0).device);
        assertThat(only().state).isEqualTo("open");
    }

    @Test
    void whatCannotBeOpenedAgainSaysWhyAndMayBeDetached() throws VirtioException {
        registry.attach(ADDRESS, "disk");
        registry.unbindProvider(provider);
        provider.refusal = "connection refused";
        registry.bindProvider(provider);
        Await.until("the failure is recorded", () -> "connection refused".equals(only().failure));
        assertThat(only().state).isEqualTo("declared");
        provider.refusal = null;
        registry.unbindProvider(provider);
        registry.bindProvider(provider);
        Await.until("the device is back", () -> registry.device("disk") != null);
        registry.unbindProvider(provider);
        assertThat(only().failure).as("that was before").isNull();
        registry.detach("disk");
        assertThat(registry.devices()).isEmpty();
    }

    @Test
    void anotherProviderOfTheSchemeTakesOver() throws VirtioException {
        FakeProvider other = new FakeProvider("fake");
        registry.attach(ADDRESS, "disk");
        registry.bindProvider(other);
        assertThat(other.opened).isEmpty();
        registry.unbindProvider(provider);
        Await.until("the other has opened it", () -> registry.device("disk") != null);
        assertThat(other.opened).hasSize(1);
        registry.unbindProvider(other);
        assertThat(other.last().isClosed()).isTrue();
    }

    @Test
    void aProviderOfAnotherSchemeTakesNothing() throws VirtioException {
        registry.attach(ADDRESS, "disk");
        FakeProvider other = new FakeProvider("another");
        registry.bindProvider(other);
        registry.unbindProvider(other);
        assertThat(only().state).isEqualTo("open");
    }

    @Test
    void aProviderThatGoesWhileItOpensIsWaitedForAndTheDeviceIsClosed() throws Exception {
        provider.gate = new CountDownLatch(1);
        Future<VirtioDevice> attached = executor.submit(() -> registry.attach(ADDRESS, "disk"));
        Await.until("it opens", () -> provider.opener != null);
        Thread unbinder = new Thread(() -> registry.unbindProvider(provider));
        unbinder.start();
        Await.until("the provider is gone", () -> registry.transports().isEmpty());
        Await.untilBlocked(unbinder);
        provider.gate.countDown();
        assertThatExceptionOfType(ExecutionException.class).isThrownBy(attached::get)
            .withCauseInstanceOf(VirtioException.class).withMessageContaining("the transport 'fake' went");
        unbinder.join();
        assertThat(provider.last().isClosed()).isTrue();
        assertThat(registry.devices()).isEmpty();
    }

    @Test
    void aProviderThatGoesWhileItsDeviceIsClosedWaitsForThat() throws Exception {
        registry.attach(ADDRESS, "disk");
        CountDownLatch driverLetsGo = new CountDownLatch(1);
        CountDownLatch unregistering = new CountDownLatch(1);
        framework.onUnregister = gone -> {
            unregistering.countDown();
            awaitLatch(driverLetsGo);
        };
        Future<?> detached = executor.submit(() -> {
            registry.detach("disk");
            return null;
        });
        unregistering.await();
        Thread unbinder = new Thread(() -> registry.unbindProvider(provider));
        unbinder.start();
        Await.untilBlocked(unbinder);
        assertThat(provider.last().isClosed()).isFalse();
        driverLetsGo.countDown();
        unbinder.join();
        assertThat(provider.last().isClosed()).isTrue();
        detached.get();
    }

    @Test
    void aDeviceThatIsDetachedWhileItIsOpenedAgainIsClosed() throws VirtioException {
        registry.attach(ADDRESS, "disk");
        registry.unbindProvider(provider);
        provider.opener = null;
        provider.gate = new CountDownLatch(1);
        registry.bindProvider(provider);
        Await.until("it opens", () -> provider.opener != null);
        registry.detach("disk");
        provider.gate.countDown();
        Await.until("it is closed", () -> provider.opened.size() == 2 && provider.last().isClosed());
        assertThat(registry.devices()).isEmpty();
        assertThat(framework.services).isEmpty();
    }

    @Test
    void aProviderThatGoesWhileDriversBindTakesTheService() throws Exception {
        framework.onRegister = device -> {
            framework.onRegister = none -> { };
            registry.unbindProvider(provider);
        };
        VirtioDevice device = registry.attach(ADDRESS, "disk");
        assertThat(device.state()).isEqualTo(DeviceState.REMOVED);
        assertThat(framework.services).isEmpty();
        assertThat(only().state).isEqualTo("declared");
    }

    @Test
    void aDriverMayDetachItsDeviceWhenItLetsGo() throws VirtioException {
        registry.attach(ADDRESS, "disk");
        framework.onUnregister = gone -> {
            try {
                registry.detach("disk");
            } catch (VirtioException e) {
                throw new AssertionError(e);
            }
        };
        registry.unbindProvider(provider);
        assertThat(registry.devices()).isEmpty();
    }

    @Test
    void aDriverThatTakesTheTransportAwayWhenItLetsGoDoesNotWaitForItself() throws VirtioException {
        registry.attach(ADDRESS, "disk");
        framework.onUnregister = gone -> registry.unbindProvider(provider);
        long start = System.nanoTime();
        registry.detach("disk");
        assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
        assertThat(provider.last().isClosed()).isTrue();
    }

    @Test
    void theRegistryStopsWithAllItsDevices() throws VirtioException {
        VirtioDevice one = registry.attach(ADDRESS, "one");
        VirtioDevice two = registry.attach(ADDRESS, "two");
        start(two);
        registry.deactivate();
        assertThat(one.state()).isEqualTo(DeviceState.REMOVED);
        assertThat(two.state()).isEqualTo(DeviceState.REMOVED);
        assertThat(framework.services).isEmpty();
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.attach(ADDRESS, "three"))
            .withMessageContaining("stopped");
    }

    @Test
    void noServiceOutlivesTheRegistryThatWasRegisteringIt() throws Exception {
        registry.attach(ADDRESS, "disk");
        registry.unbindProvider(provider);
        CountDownLatch driverBinds = new CountDownLatch(1);
        framework.onRegister = device -> awaitLatch(driverBinds);
        registry.bindProvider(provider);
        Await.until("it is being registered", () -> framework.services.size() == 1);
        Thread deactivator = new Thread(registry::deactivate);
        deactivator.start();
        try {
            Await.until("the device is closed", provider.last()::isClosed);
            Await.untilBlocked(deactivator);
        } finally {
            driverBinds.countDown();
            deactivator.join();
        }
        assertThat(framework.services).isEmpty();
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aDeviceThatTheHostTakesAwayIsClosedAndStaysDeclaredUntilItComesBack() throws VirtioException {
        VirtioDevice device = registry.attach(ADDRESS, "disk");
        start(device);
        provider.last().listener.removed("pulled out");
        Await.until("the device is closed", () -> provider.last().isClosed());
        Await.until("its service is gone", () -> framework.services.isEmpty());
        assertThat(device.state()).isEqualTo(DeviceState.REMOVED);
        Await.until("it is declared", () -> "declared".equals(only().state));
        assertThat(only().failure).isEqualTo("pulled out");
        registry.appeared(DeviceAddress.parse("fake:/elsewhere"));
        registry.appeared(DeviceAddress.parse("other:/there"));
        registry.appeared(ADDRESS);
        Await.until("the device is back", () -> registry.device("disk") != null);
        assertThat(provider.opened).hasSize(2);
        assertThat(only().failure).isNull();
    }

    @Test
    void aDeviceThatFailedAndThenWasTakenAwayIsClosedToo() throws VirtioException {
        VirtioDevice device = registry.attach(ADDRESS, "disk");
        provider.last().fail("it reads all ones");
        assertThat(device.state()).isEqualTo(DeviceState.FAILED);
        provider.last().listener.removed("pulled out");
        Await.until("the device is closed", () -> provider.last().isClosed());
        Await.until("the reason is told", () -> "pulled out".equals(only().failure));
    }

    @Test
    void aDeviceThatIsTakenAwayWhileItIsAttachedIsClosed() throws VirtioException {
        FakeTransport transport = new FakeTransport();
        provider.next = () -> {
            // As soon as it has a listener, and long before it is declared.
            transport.gate = new CountDownLatch(1);
            return transport;
        };
        Future<VirtioDevice> attaching = executor.submit(() -> registry.attach(ADDRESS, "disk"));
        Await.until("it is being opened", () -> transport.listener != null);
        transport.listener.removed("pulled out");
        transport.gate.countDown();
        Await.until("the device is closed", transport::isClosed);
        Await.until("the attach has ended", attaching::isDone);
        Await.until("its service is gone", () -> framework.services.isEmpty());
    }

    @Test
    void whoDetachesADeviceThatIsBeingTakenAwayWaitsUntilItIsClosed() throws VirtioException {
        registry.attach(ADDRESS, "disk");
        FakeTransport transport = provider.last();
        transport.gate = new CountDownLatch(1);
        transport.listener.removed("pulled out");
        Await.until("its service is gone, and it is being closed", () -> framework.services.isEmpty());
        Future<Void> detached = executor.submit(() -> {
            registry.detach("disk");
            return null;
        });
        assertThat(detached.isDone() || transport.isClosed()).as("closed while the device does not answer").isFalse();
        transport.gate.countDown();
        Await.until("the detach has ended", detached::isDone);
        assertThat(transport.isClosed()).isTrue();
        assertThat(registry.devices()).isEmpty();
    }
}
