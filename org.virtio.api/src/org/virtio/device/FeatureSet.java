// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;

/** An immutable set of feature bits, without an upper limit on their number (VIRTIO 1.3, section 2.2). */
public final class FeatureSet {
    /** No feature. */
    public static final FeatureSet NONE = new FeatureSet(new long[0]);

    private static final int MAX_BIT = 0xffff;

    private final long[] words;

    private FeatureSet(long[] words) {
        int length = words.length;
        while (length > 0 && words[length - 1] == 0) {
            length--;
        }
        this.words = length == words.length ? words : Arrays.copyOf(words, length);
    }

    /**
     * The set of these bits.
     *
     * @throws IllegalArgumentException if a bit is below 0 or above 65535
     */
    public static FeatureSet of(int... bits) {
        long[] words = new long[0];
        for (int bit : bits) {
            checkBit(bit);
            if (bit / Long.SIZE >= words.length) {
                words = Arrays.copyOf(words, bit / Long.SIZE + 1);
            }
            words[bit / Long.SIZE] |= 1L << bit;
        }
        return new FeatureSet(words);
    }

    /** The set whose bits 0 to 63 are the first word's, 64 to 127 the second's, and so on. */
    public static FeatureSet ofWords(long... words) {
        return new FeatureSet(words.clone());
    }

    /** Whether a bit, 0 or greater, is in the set. */
    public boolean contains(int bit) {
        return bit / Long.SIZE < words.length && (words[bit / Long.SIZE] >>> bit & 1) != 0;
    }

    /** Whether every bit of the other set is in this one. */
    public boolean containsAll(FeatureSet other) {
        return other.minus(this).isEmpty();
    }

    /** Whether the set has no bit. */
    public boolean isEmpty() {
        return words.length == 0;
    }

    /** The bits that are in both sets. */
    public FeatureSet and(FeatureSet other) {
        long[] result = new long[Math.min(words.length, other.words.length)];
        Arrays.setAll(result, i -> words[i] & other.words[i]);
        return new FeatureSet(result);
    }

    /** The bits that are in either set. */
    public FeatureSet or(FeatureSet other) {
        long[] result = new long[Math.max(words.length, other.words.length)];
        Arrays.setAll(result, i -> word(i) | other.word(i));
        return new FeatureSet(result);
    }

    /** The bits that are in this set and not in the other. */
    public FeatureSet minus(FeatureSet other) {
        long[] result = new long[words.length];
        Arrays.setAll(result, i -> words[i] & ~other.word(i));
        return new FeatureSet(result);
    }

    /** This set with one more bit, 0 to 65535. */
    public FeatureSet with(int bit) {
        return or(of(bit));
    }

    /** This set without a bit, 0 to 65535. */
    public FeatureSet without(int bit) {
        return minus(of(bit));
    }

    /** Bits {@code 64 * index} to {@code 64 * index + 63}; 0 beyond the highest bit. */
    public long word(int index) {
        return index < words.length ? words[index] : 0;
    }

    /** The bits in ascending order. */
    public IntStream bits() {
        return IntStream.range(0, words.length * Long.SIZE).filter(this::contains);
    }

    /** The names of the bits for a device type, in ascending order of the bits; see {@link Feature#name}. */
    public List<String> names(DeviceType type) {
        return bits().mapToObj(bit -> Feature.name(type, bit)).toList();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FeatureSet set && Arrays.equals(words, set.words);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(words);
    }

    /** The bits' numbers, such as {@code [5, 32, 70]}. */
    @Override
    public String toString() {
        return bits().boxed().toList().toString();
    }

    private static void checkBit(int bit) {
        if (bit < 0 || bit > MAX_BIT) {
            throw new IllegalArgumentException("feature bit " + bit + " is not from 0 to " + MAX_BIT);
        }
    }
}
