// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.felix.service.command.CommandSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.virtio.blk.BlockDevice;
import org.virtio.shell.CommandException;
import org.virtio.shell.MemoryDisk;
import org.virtio.shell.Progress;
import org.virtio.shell.Size;

class RangeWorkTest {
    private static final int CAPACITY = 3 << 20;

    private final MemoryDisk disk = new MemoryDisk(CAPACITY);
    private final BlockDevice device = disk.device();
    private final Pattern pattern = new Pattern(3);
    private final CommandSession session = (CommandSession) Proxy.newProxyInstance(getClass().getClassLoader(),
        new Class<?>[] {CommandSession.class}, (self, method, arguments) -> null);
    private final Progress progress = Progress.of(session, "test", CAPACITY);

    @AfterEach
    void clearInterrupt() {
        Thread.interrupted();
    }

    private RangeWork work(Size position, Size length) throws CommandException {
        return new RangeWork(device, Range.ofBlocks(device, position, length));
    }

    @Test
    void whatWasFilledIsVerified() throws Exception {
        assertThat(work(null, null).fill(pattern::fill, progress).length).isEqualTo(CAPACITY);
        assertThat(work(null, null).verify(pattern, progress).length).isEqualTo(CAPACITY);
        assertThat(work(new Size("1536k"), new Size("512")).verify(pattern, progress).length).isEqualTo(512);
    }

    @Test
    void onlyTheRangeIsFilled() throws Exception {
        work(new Size("512"), new Size("1M")).fill(pattern::fill, progress);
        assertThat(disk.data[511]).isZero();
        assertThat(disk.data[512 + (1 << 20)]).isZero();
        work(new Size("512"), new Size("1M")).verify(pattern, progress);
    }

    @Test
    void aDifferenceIsToldWithPositionAndBothValues() throws Exception {
        work(null, null).fill(pattern::fill, progress);
        disk.data[2_000_001] ^= 1;
        assertThatThrownBy(() -> work(null, null).verify(pattern, progress)).isInstanceOf(CommandException.class)
            .hasMessage(String.format("disk0 differs at position 2000000 (0x1e8480): expected %016x, found %016x",
                pattern.word(2_000_000), pattern.word(2_000_000) ^ 0x100));
    }

    @Test
    void aMisplacedBlockIsToldWhereItBelongs() throws Exception {
        work(null, null).fill(pattern::fill, progress);
        System.arraycopy(disk.data, 8192, disk.data, 4096, 512);
        assertThatThrownBy(() -> work(null, null).verify(pattern, progress))
            .hasMessageContaining("differs at position 4096 ").hasMessageEndingWith(", which belongs at position 8192");
    }

    @Test
    void anInterruptEndsTheWork() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> work(null, null).fill(pattern::fill, progress))
            .hasMessage("interrupted after 0 of " + CAPACITY + " bytes");
    }

    @Test
    void anInterruptEndsTheWaitForADeviceThatStallsAndLeavesItsBuffer() {
        disk.stallAfter = 1;
        Thread waiting = Thread.currentThread();
        CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS).execute(waiting::interrupt);
        assertThatThrownBy(() -> work(null, null).fill(pattern::fill, progress)).isInstanceOf(CommandException.class)
            .hasMessage("interrupted: disk0 had not completed a write of 1048576 bytes at 1048576");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(disk.openBuffers).hasValue(1);
    }

    @Test
    void bytesAtAnyPositionAreReadAndWrittenAndTheirBlocksKeepTheRest() throws Exception {
        Random random = new Random(5);
        random.nextBytes(disk.data);
        byte[] expected = disk.data.clone();
        Requests requests = new Requests(device);
        for (int i = 0; i < 2000; i++) {
            int position = random.nextInt(4096);
            byte[] bytes = new byte[random.nextInt(2048)];
            random.nextBytes(bytes);
            requests.write(position, bytes, bytes.length);
            System.arraycopy(bytes, 0, expected, position, bytes.length);
            byte[] read = new byte[random.nextInt(2048)];
            requests.read(position, read);
            assertThat(read).isEqualTo(Arrays.copyOfRange(expected, position, position + read.length));
        }
        assertThat(disk.data).isEqualTo(expected);
    }

    @Test
    void rangesThatAreNotOnTheDeviceAreRefusedWithTheNumbers() {
        assertThatThrownBy(() -> Range.of(device, new Size("4M"), null))
            .hasMessage("position 4194304 is beyond the end of disk0, 3145728");
        assertThatThrownBy(() -> Range.of(device, new Size("2M"), new Size("2M")))
            .hasMessage("position 2097152 and length 2097152 reach beyond the end of disk0, 3145728");
        assertThatThrownBy(() -> Range.ofBlocks(device, new Size("100"), null))
            .hasMessage("position 100 is no multiple of disk0's block size, 512");
        assertThatThrownBy(() -> Range.ofBlocks(device, null, new Size("513")))
            .hasMessage("length 513 is no multiple of disk0's block size, 512");
    }

    @Test
    void aRangeReachesToTheEndIfNothingElseIsSaid() throws Exception {
        assertThat(Range.of(device, new Size("1M"), null)).isEqualTo(new Range(1 << 20, 2 << 20));
        assertThat(Range.of(device, null, null)).isEqualTo(new Range(0, CAPACITY));
    }
}
