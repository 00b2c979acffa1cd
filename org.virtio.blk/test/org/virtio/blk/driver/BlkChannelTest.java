// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockException;
import org.virtio.spec.BlkFeature;

@Timeout(60)
class BlkChannelTest {
    private static final int CAPACITY = 8 * 512;

    private static Fixture fixture() throws IOException {
        return Fixture.of(Fixture.capable().capacity(8));
    }

    @Property(tries = 200)
    void anyRangeIsWrittenAndReadAndNothingElse(@ForAll @IntRange(max = CAPACITY - 1) int position,
                                                @ForAll @IntRange(min = 1, max = CAPACITY + 100) int length) throws IOException {
        try (Fixture f = fixture()) {
            byte[] expected = Fixture.pattern(CAPACITY, 1);
            System.arraycopy(expected, 0, f.fake.disk.bytes, 0, CAPACITY);
            byte[] data = Fixture.pattern(length, 7);
            int fits = Math.min(length, CAPACITY - position);
            ByteBuffer source = ByteBuffer.wrap(data);
            ByteBuffer target = ByteBuffer.allocate(length);
            try (SeekableByteChannel channel = f.device.channel()) {
                assertThat(channel.position(position).write(source)).isEqualTo(fits);
                assertThat(source.position()).isEqualTo(fits);
                assertThat(source.limit()).isEqualTo(length);
                assertThat(channel.position()).isEqualTo(position + fits);
                assertThat(channel.position(position).read(target)).isEqualTo(fits);
            }
            System.arraycopy(data, 0, expected, position, fits);
            assertThat(f.fake.disk.bytes).isEqualTo(expected);
            assertThat(target.array()).isEqualTo(Arrays.copyOf(Arrays.copyOf(data, fits), length));
            assertThat(f.fake.disk.flushes).as("closing flushes").isEqualTo(1);
            assertThat(f.fake.disk.violations).isEmpty();
        }
    }

    @Test
    void theEndIsLikeThatOfAFullDisk() throws IOException {
        try (Fixture f = fixture()) {
            SeekableByteChannel channel = f.device.channel();
            assertThat(channel.size()).isEqualTo(CAPACITY);
            channel.position(CAPACITY);
            assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1))).isInstanceOf(BlockException.class)
                .hasMessage("position 4096 is at or beyond the end of disk0 at 4096");
            assertThatThrownBy(() -> channel.truncate(0)).isInstanceOf(BlockException.class);
            assertThatThrownBy(() -> channel.position(-1)).isInstanceOf(IllegalArgumentException.class);
            channel.position(0);
            assertThat(channel.read(ByteBuffer.allocate(0))).isZero();
        }
    }

    @Test
    void aClosedChannelIsOfNoUse() throws IOException {
        try (Fixture f = fixture()) {
            SeekableByteChannel channel = f.device.channel();
            channel.close();
            channel.close();
            assertThat(channel.isOpen()).isFalse();
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(channel::size).isInstanceOf(ClosedChannelException.class);
            assertThat(f.fake.disk.flushes).as("nothing was written").isZero();
        }
    }

    @Test
    void aFailureLeavesTheBufferWhole() throws IOException {
        try (Fixture f = fixture()) {
            f.fake.disk.answer = (type, sector) -> sector == 1 ? 1 : 0;
            ByteBuffer target = ByteBuffer.allocate(2000);
            SeekableByteChannel channel = f.device.channel().position(100);
            assertThatThrownBy(() -> channel.read(target)).isInstanceOf(BlockException.class);
            assertThat(target.limit()).isEqualTo(2000);
            assertThat(target.position()).as("the end of the first block").isEqualTo(412);
            assertThat(channel.position()).isEqualTo(512);
        }
    }

    @Test
    void aReadOnlyDeviceIsNotWritten() throws IOException {
        try (Fixture f = Fixture.of(Fixture.capable().offer(BlkFeature.RO))) {
            SeekableByteChannel channel = f.device.channel();
            assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1))).isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> f.device.write(0, ByteBuffer.allocate(512))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("disk0 is read-only");
        }
    }
}
