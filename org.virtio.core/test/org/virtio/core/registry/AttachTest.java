// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.core.fake.Await;
import org.virtio.core.fake.FakeProvider;
import org.virtio.core.fake.FakeTransport;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceProperties;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.spec.DeviceType;

/** Attaching and detaching while the transport is there. */
class AttachTest extends RegistryFixture {
    @Test
    void anAttachedDeviceIsAServiceThatCanBeSelected() throws VirtioException {
        VirtioDevice device = registry.attach(ADDRESS, "disk");
        assertThat(framework.services.get(0).device).isSameAs(device);
        assertThat(property(DeviceProperties.NAME)).isEqualTo("disk");
        assertThat(property(DeviceProperties.TYPE)).isEqualTo("blk");
        assertThat(property(DeviceProperties.TRANSPORT)).isEqualTo("fake");
        assertThat(property(DeviceProperties.ADDRESS)).isEqualTo("fake:/there");
        assertThat(property(DeviceProperties.STATE)).isEqualTo("open");
        assertThat(registry.device("disk")).isSameAs(device);
        assertThat(registry.device("other")).isNull();
        assertThat(only().state).isEqualTo("open");
    }

    @Test
    void theStatePropertyFollowsTheDevice() throws VirtioException {
        VirtioDevice device = registry.attach(ADDRESS, "disk");
        start(device);
        assertThat(property(DeviceProperties.STATE)).isEqualTo("ready");
        device.stop();
        assertThat(property(DeviceProperties.STATE)).isEqualTo("open");
        provider.last().fail("hung up");
        assertThat(property(DeviceProperties.STATE)).isEqualTo("failed");
        assertThat(only().failure).isEqualTo("hung up");
    }

    @Test
    void aDriverThatStartsTheDeviceAtOnceIsSeen() throws VirtioException {
        framework.onRegister = RegistryFixture::start;
        registry.attach(ADDRESS, "disk");
        assertThat(property(DeviceProperties.STATE)).isEqualTo("ready");
    }

    @Test
    void theAddressMayHoldTheName() throws VirtioException {
        DeviceAddress named = DeviceAddress.parse(ADDRESS + "?name=scratch");
        assertThat(registry.attach(named, null).name()).isEqualTo("scratch");
        assertThat(registry.attach(named, "other").name()).isEqualTo("other");
        assertThatThrownBy(() -> registry.attach(named, null)).hasMessageContaining("'scratch' is taken");
    }

    @Test
    void withoutANameTheFirstFreeOneOfItsTypeIsTaken() throws VirtioException {
        assertThat(registry.attach(ADDRESS, null).name()).isEqualTo("blk0");
        assertThat(registry.attach(ADDRESS, "blk1").name()).isEqualTo("blk1");
        assertThat(registry.attach(ADDRESS, null).name()).isEqualTo("blk2");
        registry.detach("blk0");
        assertThat(registry.attach(ADDRESS, null).name()).isEqualTo("blk0");
        provider.next = () -> {
            FakeTransport net = new FakeTransport();
            net.type = DeviceType.NETWORK;
            return net;
        };
        assertThat(registry.attach(ADDRESS, null).name()).isEqualTo("net0");
        assertThat(registry.devices()).extracting(dto -> dto.name).containsExactly("blk1", "blk2", "blk0", "net0");
    }

    @Test
    void aTakenNameIsRefusedBeforeAnythingIsOpened() throws VirtioException {
        registry.attach(ADDRESS, "disk");
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.attach(ADDRESS, "disk"))
            .withMessageContaining("'disk' is taken");
        assertThat(provider.opened).hasSize(1);
    }

    @Test
    void ofTwoThatAttachUnderOneNameOneDoes() throws Exception {
        provider.gate = new CountDownLatch(1);
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            Future<VirtioDevice> first = executor.submit(() -> registry.attach(ADDRESS, "disk"));
            Await.until("the first opens", () -> provider.opener != null);
            assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.attach(ADDRESS, "disk"))
                .withMessageContaining("taken");
            provider.gate.countDown();
            assertThat(first.get().name()).isEqualTo("disk");
        } finally {
            executor.shutdownNow();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "disk/0", "ü",
        "x2345678901234567890123456789012345678901234567890123456789012345"})
    void aMalformedNameIsRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> registry.attach(ADDRESS, name)).withMessageContaining("name");
        assertThat(registry.devices()).isEmpty();
    }

    @Test
    void theLongestNameIsTaken() throws VirtioException {
        String name = "x".repeat(60) + "._-9";
        assertThat(registry.attach(ADDRESS, name).name()).isEqualTo(name);
    }

    @Test
    void badOptionsAreRefused() {
        for (String option : List.of("size=0", "colour=red")) {
            assertThatIllegalArgumentException()
                .isThrownBy(() -> registry.attach(DeviceAddress.parse("fake:/there?" + option), "disk"))
                .withMessageContaining(option.substring(option.indexOf('=') + 1).equals("0") ? "size=0" : "colour");
        }
        assertThat(registry.devices()).isEmpty();
    }

    @Test
    void withoutATransportTheMessageListsThoseThatAre() {
        registry.bindProvider(new FakeProvider("another"));
        assertThat(registry.transports()).containsExactly("another", "fake");
        assertThatExceptionOfType(VirtioException.class)
            .isThrownBy(() -> registry.attach(DeviceAddress.parse("pci:0000:00:05.0"), "disk"))
            .withMessageContaining("'pci'").withMessageContaining("[another, fake]");
        assertThat(registry.devices()).isEmpty();
    }

    @Test
    void whatCannotBeOpenedIsNotDeclared() throws VirtioException {
        provider.refusal = "connection refused";
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.attach(ADDRESS, "disk"))
            .withMessageContaining("connection refused");
        assertThat(registry.devices()).isEmpty();
        provider.refusal = null;
        registry.attach(ADDRESS, "disk");
    }

    @Test
    void detachTakesTheServiceThenClosesThenForgets() throws VirtioException {
        VirtioDevice device = registry.attach(ADDRESS, "disk");
        start(device);
        framework.onUnregister = gone -> {
            assertThat(gone.state()).isEqualTo(DeviceState.READY);
            gone.stop();
        };
        registry.detach("disk");
        assertThat(framework.services).isEmpty();
        assertThat(device.state()).isEqualTo(DeviceState.REMOVED);
        assertThat(provider.last().isClosed()).isTrue();
        assertThat(registry.devices()).isEmpty();
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> registry.detach("disk"))
            .withMessageContaining("'disk'").withMessageContaining("[]");
    }

    @Test
    void aDriverThatThrowsDoesNotKeepTheDeviceOpen() throws VirtioException {
        registry.attach(ADDRESS, "disk");
        framework.onUnregister = gone -> {
            framework.services.clear();
            throw new IllegalArgumentException("expected by this test");
        };
        registry.detach("disk");
        assertThat(provider.last().isClosed()).isTrue();
    }
}
