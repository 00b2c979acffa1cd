// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.virtio.pci.FakeFunction;
import org.virtio.pci.MemoryRegisters;
import org.virtio.pci.access.Registers;
import org.virtio.spec.PciCapabilityLayout;
import org.virtio.spec.PciCommonConfigLayout;

/**
 * Any configuration space: an error or a device, an end in any case, and never an access beyond a base address register, which
 * {@link MemoryRegisters} would answer with an exception that nobody expects.
 */
class RandomConfigurationProperty {
    private static final int BARS = 6;
    /** Of a thousand. So seldom is a byte of a list that could be right another one. */
    private static final int NOISE = 20;
    /** With the nightly profile's 100,000 tries these are a million. */
    private static final int PER_TRY = 10;

    @Property(shrinking = ShrinkingMode.OFF)
    void anyBytes(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        for (int i = 0; i < PER_TRY; i++) {
            FakeFunction function = new FakeFunction();
            random.nextBytes(function.config.bytes.array());
            bars(function, random);
            check(function, random);
        }
    }

    @Property(shrinking = ShrinkingMode.OFF)
    void listsThatCouldBeRight(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        for (int i = 0; i < PER_TRY; i++) {
            checkListThatCouldBeRight(random);
        }
    }

    private static void checkListThatCouldBeRight(Random random) throws IOException {
        FakeFunction function = new FakeFunction();
        bars(function, random);
        int place = ConfigHeaderLayout.SIZE;
        while (place + PciCapabilityLayout.NOTIFY_SIZE <= ConfigHeaderLayout.CAPABILITIES_END) {
            function.structure(place, random.nextInt(7), random.nextInt(BARS + 1), random.nextInt(0x40) << random.nextInt(8),
                random.nextInt(0x80) << random.nextInt(8));
            place += PciCapabilityLayout.NOTIFY_SIZE + 4 * random.nextInt(3);
        }
        for (int i = ConfigHeaderLayout.SIZE; i < ConfigHeaderLayout.CAPABILITIES_END; i++) {
            if (random.nextInt(1000) < NOISE) {
                function.config.write8(i, random.nextInt());
            }
        }
        check(function, random);
    }

    private static void bars(FakeFunction function, Random random) {
        for (int i = 0; i < BARS; i++) {
            if (random.nextBoolean()) {
                function.bars.put(i, new MemoryRegisters(0x10 << random.nextInt(11)));
            }
            if (random.nextInt(4) == 0) {
                function.ioBars.add(i);
            }
        }
    }

    private static void check(FakeFunction function, Random random) throws IOException {
        VirtioStructures found;
        try {
            found = StructureFinder.find(function, random.nextInt(8) == 0);
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
            return;
        }
        assertThat(found.common().size()).isGreaterThanOrEqualTo(PciCommonConfigLayout.MIN_SIZE);
        assertThat(found.notification().size()).isGreaterThanOrEqualTo(2);
        touch(found.common(), random);
        touch(found.notification(), random);
        touch(found.isr(), random);
        if (found.device() != null) {
            touch(found.device(), random);
        }
    }

    /** What is within the bounds of a structure can be read and written. */
    private static void touch(Registers registers, Random random) throws IOException {
        for (long offset : new long[] {0, registers.size() - 1, random.nextLong(registers.size())}) {
            registers.read8(offset);
            registers.write8(offset, 1);
        }
    }
}
