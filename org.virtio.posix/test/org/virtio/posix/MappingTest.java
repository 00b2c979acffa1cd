// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class MappingTest {
    private static final int PAGE = (int) Posix.pageSize();
    /** So large that nothing else fills the gap after it was unmapped; the file is sparse, so it takes no memory. */
    private static final long LARGE = 1L << 30;
    private static final long TOO_LARGE_FOR_A_BUFFER = 3L << 30;

    @Test
    void twoMappingsOfAFileShareItsMemory() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", 2L * PAGE, false);
                Mapping second = Mapping.map(memory.fd(), PAGE, PAGE, true)) {
            memory.mapping().buffer().putInt(PAGE, 0x01020304);
            assertThat(second.buffer().getInt(0)).isEqualTo(0x01020304);
            assertThat(second.buffer().get(0)).as("little-endian").isEqualTo((byte) 4);
            second.buffer().putLong(8, -2);
            assertThat(memory.mapping().buffer(PAGE + 8, 8).getLong(0)).isEqualTo(-2);
        }
    }

    @Test
    void buffersAreIndependentViews() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", PAGE, false)) {
            Mapping mapping = memory.mapping();
            ByteBuffer buffer = mapping.buffer();
            buffer.position(5);
            assertThat(mapping.buffer().position()).isZero();
            assertThat(mapping.buffer().capacity()).isEqualTo(PAGE);
            assertThat(mapping.buffer(16, 4).capacity()).isEqualTo(4);
            assertThat(mapping.buffer(16, 4).order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
            assertThat(LibC.address(mapping.buffer())).isEqualTo(mapping.address());
            assertThat(LibC.address(mapping.buffer(16, 4))).isEqualTo(mapping.address() + 16);
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> mapping.buffer(PAGE - 1, 2));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> mapping.buffer(-1, 1));
        }
    }

    @Test
    void readOnlyMappingHasReadOnlyBuffers() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", PAGE, false);
                Mapping mapping = Mapping.map(memory.fd(), 0, PAGE, false)) {
            memory.mapping().buffer().put(7, (byte) 9);
            assertThat(mapping.buffer().get(7)).isEqualTo((byte) 9);
            assertThat(mapping.buffer().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
            assertThatExceptionOfType(ReadOnlyBufferException.class).isThrownBy(() -> mapping.buffer().put(0, (byte) 1));
            assertThatExceptionOfType(ReadOnlyBufferException.class).isThrownBy(() -> mapping.buffer(0, 1).put(0, (byte) 1));
        }
    }

    @Test
    void staleBufferReadsZerosAndWritesToNobody() throws Exception {
        SharedMemory memory = SharedMemory.create("test", PAGE, false);
        try (Mapping peer = Mapping.map(memory.fd(), 0, PAGE, true)) {
            ByteBuffer stale = memory.mapping().buffer();
            stale.putLong(0, 42);
            memory.close();
            assertThat(stale.getLong(0)).isZero();
            stale.putLong(0, 43);
            assertThat(peer.buffer().getLong(0)).isEqualTo(42);
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void addressesAreFreedWhenTheLastSliceIsGone() throws Exception {
        SharedMemory memory = SharedMemory.create("test", LARGE, false);
        long address = memory.mapping().address();
        ByteBuffer slice = memory.mapping().buffer(LARGE - 64, 64).duplicate().slice(8, 16);
        memory.close();
        runCleaners();
        assertThat(Kernel.mappedBytes(address, LARGE)).isEqualTo(LARGE);
        assertThat(slice.getLong(0)).isZero();
        Reference.reachabilityFence(slice);
        slice = null;
        awaitUnmapped(address, LARGE);
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void addressesOfAMappingTooLargeForABufferAreFreedToo() throws Exception {
        SharedMemory memory = SharedMemory.create("test", TOO_LARGE_FOR_A_BUFFER, false);
        Mapping mapping = memory.mapping();
        long address = mapping.address();
        assertThatIllegalStateException().isThrownBy(mapping::buffer);
        ByteBuffer first = mapping.buffer(0, 16);
        ByteBuffer last = mapping.buffer(TOO_LARGE_FOR_A_BUFFER - 16, 16);
        last.putLong(8, 42);
        assertThat(mapping.buffer(TOO_LARGE_FOR_A_BUFFER - 8, 8).getLong(0)).isEqualTo(42);
        memory.close();
        runCleaners();
        assertThat(Kernel.mappedBytes(address, TOO_LARGE_FOR_A_BUFFER)).isEqualTo(TOO_LARGE_FOR_A_BUFFER);
        assertThat(last.getLong(8)).isZero();
        assertThat(first.getLong(0)).isZero();
        Reference.reachabilityFence(first);
        Reference.reachabilityFence(last);
        first = null;
        last = null;
        awaitUnmapped(address, TOO_LARGE_FOR_A_BUFFER);
    }

    /** A witness of its own, registered later, whose cleaning shows that the collector has been through. */
    private static void runCleaners() {
        for (int i = 0; i < 3; i++) {
            var witness = new java.lang.ref.WeakReference<>(new Object());
            while (witness.get() != null) {
                System.gc();
            }
        }
    }

    private static void awaitUnmapped(long address, long size) throws Exception {
        while (Kernel.mappedBytes(address, size) > size / 2) {
            System.gc();
        }
    }

    @Test
    void closedMappingRefusesNewBuffers() throws Exception {
        SharedMemory memory = SharedMemory.create("test", PAGE, false);
        memory.close();
        memory.close();
        assertThatIllegalStateException().isThrownBy(() -> memory.mapping().buffer());
        assertThatIllegalStateException().isThrownBy(() -> memory.mapping().buffer(0, 1));
        assertThatIllegalStateException().isThrownBy(() -> memory.mapping().address());
    }

    @Test
    void isCountedWhileOpen() throws Exception {
        long before = OpenResources.mappings();
        try (SharedMemory memory = SharedMemory.create("test", PAGE, false)) {
            assertThat(memory.mapping().size()).isEqualTo(PAGE);
            assertThat(OpenResources.mappings()).isEqualTo(before + 1);
        }
        assertThat(OpenResources.mappings()).isEqualTo(before);
    }

    @Test
    void refusesWhatReachesPastTheEndOfTheFile() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", PAGE, false)) {
            assertThatExceptionOfType(PosixException.class).isThrownBy(() -> Mapping.map(memory.fd(), 0, PAGE + 1, true))
                    .satisfies(e -> assertThat(e.errnoName()).isEqualTo("ENXIO"));
            assertThatExceptionOfType(PosixException.class).isThrownBy(() -> Mapping.map(memory.fd(), 2L * PAGE, PAGE, true));
            assertThatExceptionOfType(PosixException.class)
                    .isThrownBy(() -> Mapping.map(memory.fd(), Long.MAX_VALUE - PAGE + 1, PAGE, true));
            assertThatExceptionOfType(PosixException.class).isThrownBy(() -> Mapping.map(memory.fd(), 1, PAGE - 1, true))
                    .satisfies(e -> assertThat(e.errnoName()).isEqualTo("EINVAL"));
        }
    }

    @Test
    void refusesSizesThatMakeNoSense() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", PAGE, false)) {
            assertThatIllegalArgumentException().isThrownBy(() -> Mapping.map(memory.fd(), 0, 0, true));
            assertThatIllegalArgumentException().isThrownBy(() -> Mapping.map(memory.fd(), -1, PAGE, true));
        }
    }

    @Test
    void refusesWhatCannotBeMapped() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertThatExceptionOfType(PosixException.class).isThrownBy(() -> Mapping.map(event.fd(), 0, PAGE, true))
                    .satisfies(e -> assertThat(e.call()).isEqualTo("mmap"))
                    .satisfies(e -> assertThat(e.errnoName()).isEqualTo("ENODEV"));
        }
    }
}
