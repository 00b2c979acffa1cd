// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.virtio.spec.PciCapabilityLayout.CAP_LEN;
import static org.virtio.spec.PciCapabilityLayout.TYPE_COMMON;
import static org.virtio.spec.PciCapabilityLayout.TYPE_DEVICE;
import static org.virtio.spec.PciCapabilityLayout.TYPE_ISR;
import static org.virtio.spec.PciCapabilityLayout.TYPE_NOTIFY;
import static org.virtio.spec.PciCapabilityLayout.TYPE_PCI;
import static org.virtio.spec.PciCapabilityLayout.TYPE_VENDOR;

import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.device.VirtioException;
import org.virtio.pci.FakeFunction;
import org.virtio.pci.MemoryRegisters;

/** Which structures are taken, and what is said of lists and capabilities that cannot be. */
class StructureFinderTest {
    private static final int MSIX = 0x11;

    private final FakeFunction function = new FakeFunction();
    private final MemoryRegisters memory = new MemoryRegisters(0x4000);
    private final MemoryRegisters io = new MemoryRegisters(0x40);

    @BeforeEach
    void layOut() {
        function.bars.put(4, memory);
        function.bars.put(2, io);
        function.ioBars.add(2);
    }

    private VirtioStructures find() throws IOException {
        return StructureFinder.find(function, false);
    }

    private void usual() {
        function.capability(0x98, MSIX).structure(0x84, TYPE_PCI, 0, 0, 0).structure(0x70, TYPE_NOTIFY, 4, 0x3000, 0x1000)
            .structure(0x60, TYPE_DEVICE, 4, 0x2000, 0x1000).structure(0x50, TYPE_ISR, 4, 0x1000, 0x1000)
            .structure(0x40, TYPE_COMMON, 4, 0, 0x1000);
    }

    @Test
    void aDeviceLikeQemusIsFound() throws IOException {
        usual();
        memory.write32(0x3004, 7);
        memory.write32(0x2000, 8);
        VirtioStructures found = find();
        assertThat(found.notification().read32(4)).isEqualTo(7);
        assertThat(found.notifyMultiplier()).isEqualTo(4);
        assertThat(found.device().read32(0)).isEqualTo(8);
        assertThat(found.usesIo()).isFalse();
        assertThat(found.places()).containsExactly("common configuration: BAR 4, 0x1000 bytes at 0x0",
            "notification: BAR 4, 0x1000 bytes at 0x3000", "ISR status: BAR 4, 0x1000 bytes at 0x1000",
            "device configuration: BAR 4, 0x1000 bytes at 0x2000");
    }

    @Test
    void accessBeyondAStructureIsRefused() throws IOException {
        usual();
        assertThatThrownBy(() -> find().common().read32(0x1000)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> find().common().read32(-4)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void ofSeveralTheFirstUsableOneIsTaken() throws IOException {
        function.structure(0x40, TYPE_COMMON, 6, 0, 0x100).structure(0x54, TYPE_COMMON, 4, 0x3fe0, 0x100)
            .structure(0x68, TYPE_COMMON, 4, 0x100, 0x100).structure(0x7c, TYPE_COMMON, 4, 0x200, 0x100)
            .structure(0x90, TYPE_ISR, 4, 0x300, 1).structure(0xa4, TYPE_NOTIFY, 4, 0x400, 2);
        assertThat(find().places()).first().isEqualTo("common configuration: BAR 4, 0x100 bytes at 0x100");
    }

    @Test
    void notificationsInIoSpaceAreSkippedWhereSomeInMemoryFollow() throws IOException {
        function.structure(0xb0, TYPE_NOTIFY, 2, 0, 4);
        usual();
        VirtioStructures found = find();
        assertThat(found.places()).contains("notification: BAR 4, 0x1000 bytes at 0x3000");
        assertThat(found.usesIo()).isFalse();
    }

    @Test
    void notificationsInIoSpaceAreTakenWhereThereAreNoOthers() throws IOException {
        function.structure(0xb0, TYPE_NOTIFY, 2, 0, 4).structure(0x50, TYPE_ISR, 4, 0x1000, 1)
            .structure(0x40, TYPE_COMMON, 4, 0, 0x38);
        assertThat(find().usesIo()).isTrue();
        assertThat(find().device()).isNull();
    }

    @Test
    void unknownTypesAndOtherCapabilitiesAreSkipped() throws IOException {
        function.structure(0xc0, 77, 4, 0, 0x1000).structure(0xd4, TYPE_VENDOR, 0, 0, 0).capability(0xf0, 5);
        usual();
        assertThat(find().places()).hasSize(4);
    }

    @Test
    void whereABarCannotBeReachedConfigurationSpaceIsTheWay() throws IOException {
        usual();
        function.bars.remove(4);
        VirtioStructures found = find();
        assertThat(found.places()).allMatch(place -> place.endsWith(", through configuration space"));
        found.device().write16(6, 0xabcd);
        assertThat(function.config.read8(0x84 + 4)).isEqualTo(4);
        assertThat(function.config.read32(0x84 + 8)).isEqualTo(0x2006);
        assertThat(function.config.read32(0x84 + 12)).isEqualTo(2);
        assertThat(function.config.read16(0x84 + 16)).isEqualTo(0xabcd);
    }

    @Test
    void aDeviceWithoutCapabilitiesIsALegacyOne() {
        assertThatThrownBy(this::find).isInstanceOf(VirtioException.class).hasMessageContaining("legacy");
        function.capability(0x40, MSIX);
        assertThatThrownBy(this::find).isInstanceOf(VirtioException.class).hasMessageContaining("legacy");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "6; 0; 0x1000; BAR 6 is reserved",
        "4; 0; 0x37; expected 56 bytes",
        "4; 0x3fc0; 0x80; BAR 4 has 0x4000 bytes",
        "4; 0xfffffffc; 0xffffffff; it ends beyond what 32 bits can tell",
        "4; 2; 0x1000; no multiple of 4",
        "3; 0; 0x1000; BAR 3 maps nothing"})
    void aRequiredStructureThatCannotBeUsedIsToldWithItsReason(int bar, String offset, String length, String reason) {
        function.structure(0x40, TYPE_COMMON, bar, Long.decode(offset).intValue(), Long.decode(length).intValue());
        assertThatThrownBy(this::find).isInstanceOf(VirtioException.class)
            .hasMessageContaining("no usable common configuration structure").hasMessageContaining("0x40")
            .hasMessageContaining(reason);
    }

    @Test
    void aNotificationCapabilityNeedsItsMultiplier() {
        usual();
        function.config.write8(0x70 + CAP_LEN, 16);
        assertThatThrownBy(this::find).hasMessageContaining("the capability has 16 bytes; expected 20 or more");
    }

    @Test
    void aMissingStructureIsNamed() {
        function.structure(0x40, TYPE_COMMON, 4, 0, 0x1000);
        assertThatThrownBy(this::find).hasMessageContaining("no usable notification structure: there is no capability for one");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x40, 0x98, 0x70})
    void aListWithoutAnEndIsRefusedWithTheOffset(int back) {
        usual();
        function.config.write8(0x41, back);
        assertThatThrownBy(this::find).isInstanceOf(MalformedException.class)
            .hasMessage("the capability pointer at 0x41 leads back to 0x%x: the list has no end", back);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 0x3c, 0x10})
    void aPointerIntoTheHeaderIsRefusedWithTheOffset(int into) {
        usual();
        function.config.write8(0x51, into);
        assertThatThrownBy(this::find).isInstanceOf(MalformedException.class).hasMessageContaining("at 0x51 is 0x%x", into);
    }

    @Test
    void aCapabilityAtTheVeryEndIsReadNoFurther() {
        function.capability(0xfc, 9);
        function.config.write8(0xfe, 0xff);
        assertThatThrownBy(this::find).hasMessageContaining("legacy");
    }
}
