// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.virtio.device.DeviceAddress;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.host.HostDeviceListener;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;
import org.virtio.spec.PciIsr;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.Transport;

/** Functions and paths that come and go, and what is refused when one is opened. */
class PciProviderTest extends TransportFixture {
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
    void aMappingThatIsTakenAwayFailsTheTransportWhoeverMeetsIt() throws Exception {
        try (Transport transport = open("")) {
            device.lost = true;
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class).hasMessageContaining("mapping");
            assertThat(listener.next()).startsWith("failed: ").contains("mapping");
        }
        device.lost = false;
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1))) {
            QueueNotifier queue = transport.setUpQueue(setup(0));
            device.lost = true;
            queue.notifyDevice(0);
            assertThat(listener.next()).startsWith("failed: ").contains("mapping");
        }
        device.lost = false;
        try (Transport transport = open("?interrupts=poll")) {
            device.lost = true;
            assertThat(listener.next()).startsWith("failed: ").contains("mapping");
            assertThatThrownBy(transport::status).hasMessageContaining("mapping");
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
        Transport transport = open("");
        provider.unbindPath(path());
        assertThat(transport.deviceType()).as("another path went").isEqualTo(DeviceType.BLOCK);
        CompletableFuture<Void> going = CompletableFuture.runAsync(() -> provider.unbindPath(path));
        assertThat(listener.next()).isEqualTo("failed: the access path 'fake' went");
        assertThat(listener.next()).isEqualTo("removed: the access path 'fake' went");
        assertThat(going).as("the device is waited for").isNotDone();
        transport.close();
        going.get(20, TimeUnit.SECONDS);
    }

    private static HostDeviceListener into(BlockingQueue<String> told) {
        return new HostDeviceListener() {
            @Override
            public void appeared(DeviceAddress address) {
                told.add("appeared " + address);
            }

            @Override
            public void removed(DeviceAddress address) {
                told.add("removed " + address);
            }
        };
    }

    @Test
    void aPathThatComesLateIsToldOfOnce() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        provider.bindHostListener(into(told));
        provider.unbindPath(path);
        assertThatThrownBy(() -> open("")).hasMessageContaining("no access path");
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("pci:0000:00:06.0"), listener))
            .hasMessageContaining("no access path");
        provider.bindPath(path);
        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo("appeared pci:" + WHERE);
        provider.unbindPath(path);
        provider.bindPath(path);
        assertNothingToldBut(told);
    }

    /** Whoever is to be told anything has been when the loop tells of the last. */
    private void assertNothingToldBut(BlockingQueue<String> told) throws InterruptedException {
        provider.removed(PciAddress.parse("0000:00:07.0"));
        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo("removed pci:0000:00:07.0");
    }

    @Test
    void aPathThatComesWhileOneIsLookedForIsFound() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        provider.bindHostListener(into(told));
        provider.unbindPath(path);
        AtomicBoolean come = new AtomicBoolean();
        provider.bindPath(new AccessPath() {
            @Override
            public String name() {
                return "another";
            }

            @Override
            public boolean reaches(PciAddress address) {
                if (come.compareAndSet(false, true)) {
                    provider.bindPath(path);
                }
                return false;
            }

            @Override
            public PciFunction open(PciAddress address) {
                throw new AssertionError(address);
            }
        });
        open("").close();
        provider.unbindPath(path);
        provider.bindPath(path);
        assertNothingToldBut(told);
    }

    @Test
    void aFunctionThatGoesWhileItIsOpenedIsRemoved() throws Exception {
        duringOpen = () -> provider.removed(WHERE);
        try (Transport transport = open("")) {
            assertThat(listener.next()).isEqualTo("failed: the function was removed from the host");
            assertThat(listener.next()).startsWith("removed: ");
            assertThatThrownBy(transport::maxQueues).isInstanceOf(VirtioException.class);
        }
    }

    @Test
    void aFunctionThatAnotherDriverTakesIsLost() throws Exception {
        try (Transport transport = open("")) {
            provider.appeared(WHERE);
            reaches = false;
            provider.appeared(WHERE);
            assertThat(listener.next()).isEqualTo("failed: another driver of the kernel's has the function now");
            assertThat(listener.next()).startsWith("removed: ");
            assertThatThrownBy(transport::status).hasMessageContaining("another driver");
        }
    }

    @Test
    void aFunctionThatIsTakenFromItsDriverIsLost() throws Exception {
        try (Transport transport = open("")) {
            provider.unbound(WHERE);
            assertThat(transport.maxQueues()).as("it still has the driver by now").isEqualTo(3);
            reaches = false;
            provider.unbound(WHERE);
            assertThat(listener.next()).startsWith("failed: the function was taken from the kernel's driver");
            assertThat(listener.next()).startsWith("removed: ");
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
    void aDeviceThatIsPolledIsNoticedToBeGoneThoughItReadsZeros() throws Exception {
        try (Transport transport = open("?interrupts=poll")) {
            device.function.config.write16(ConfigHeaderLayout.VENDOR_ID, ConfigHeaderLayout.NO_FUNCTION);
            assertThat(listener.next()).startsWith("failed: the function has been removed");
            assertThatThrownBy(transport::status).hasMessageContaining("removed");
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

    @Test
    void whatCannotBeIsKnownWithoutAFunction() throws VirtioException {
        reaches = false;
        assertCheck("0000:00:05.0?type=blk").isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("unknown option 'type' for pci; known are [access, ");
        assertCheck("0000:00:05.0?queues=65536").isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("queues=65536 is not a number from 1 to 65535");
        assertCheck("00:05.0").isInstanceOf(IllegalArgumentException.class).hasMessageContaining("'00:05.0' is no PCI address");
        assertCheck("0000:00:05.0?access=vfoi").isInstanceOf(VirtioException.class)
            .hasMessage("there is no access path 'vfoi'; there are fake");
        provider.check(DeviceAddress.parse("pci:0000:00:05.0?access=fake&queues=65535"));
        provider.check(DeviceAddress.parse("pci:0000:00:06.0"));
    }

    private AbstractThrowableAssert<?, ?> assertCheck(String address) {
        return assertThatThrownBy(() -> provider.check(DeviceAddress.parse("pci:" + address)));
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
