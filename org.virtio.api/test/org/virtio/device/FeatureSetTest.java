// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;
import org.virtio.spec.NetFeature;
import org.virtio.spec.ScsiFeature;

class FeatureSetTest {
    private static FeatureSet set(Set<Integer> bits) {
        return FeatureSet.of(bits.stream().mapToInt(Integer::intValue).toArray());
    }

    @Property
    void actsAsASetOfBits(@ForAll @Size(max = 20) Set<@IntRange(max = 200) Integer> a,
                          @ForAll @Size(max = 20) Set<@IntRange(max = 200) Integer> b) {
        Set<Integer> and = new TreeSet<>(a);
        and.retainAll(b);
        Set<Integer> or = new TreeSet<>(a);
        or.addAll(b);
        Set<Integer> minus = new TreeSet<>(a);
        minus.removeAll(b);
        assertThat(set(a).and(set(b))).isEqualTo(set(and)).hasSameHashCodeAs(set(and));
        assertThat(set(a).or(set(b))).isEqualTo(set(or));
        assertThat(set(a).minus(set(b))).isEqualTo(set(minus));
        assertThat(set(a).containsAll(set(b))).isEqualTo(a.containsAll(b));
        assertThat(set(a).isEmpty()).isEqualTo(a.isEmpty());
        assertThat(set(a).bits().boxed()).containsExactlyElementsOf(new TreeSet<>(a));
        assertThat(set(a).toString()).isEqualTo(new TreeSet<>(a).toString());
        assertThat(FeatureSet.ofWords(set(a).word(0), set(a).word(1), set(a).word(2), set(a).word(3))).isEqualTo(set(a));
    }

    @Test
    void holdsBitsBeyondTheFirstWord() {
        FeatureSet features = FeatureSet.NONE.with(70).with(32).with(65535);
        assertThat(features.contains(70)).isTrue();
        assertThat(features.contains(6)).isFalse();
        assertThat(features.word(1)).isEqualTo(1L << 6);
        assertThat(features.word(5000)).isZero();
        assertThat(features.without(65535).without(70)).isEqualTo(FeatureSet.of(32));
    }

    @Test
    void refusesABitThatCannotBe() {
        assertThatThrownBy(() -> FeatureSet.of(-1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("-1");
        assertThatThrownBy(() -> FeatureSet.of(65536)).hasMessageContaining("65536");
    }

    @Test
    void printsByName() {
        assertThat(FeatureSet.of(BlkFeature.FLUSH, Feature.VERSION_1, 63).names(DeviceType.BLOCK))
            .containsExactly("BLK_FLUSH", "VERSION_1", "bit 63");
        assertThat(FeatureSet.of(NetFeature.MAC, Feature.VERSION_1, NetFeature.SPEED_DUPLEX).names(DeviceType.NETWORK))
            .containsExactly("NET_MAC", "VERSION_1", "NET_SPEED_DUPLEX");
        assertThat(FeatureSet.of(ScsiFeature.HOTPLUG, BlkFeature.FLUSH).names(DeviceType.SCSI_HOST))
            .containsExactly("SCSI_HOTPLUG", "bit 9");
        assertThat(FeatureSet.of(BlkFeature.FLUSH).names(DeviceType.ENTROPY)).containsExactly("bit 9");
    }
}
