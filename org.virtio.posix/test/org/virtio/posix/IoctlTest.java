// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class IoctlTest {
    private static final long FIONREAD = 0x541B;
    private static final long FIONCLEX = 0x5450;
    /** _IOR('t', 0, char[16]), which no device here has. */
    private static final long SIXTEEN_BYTES = 0x8010_7400L;

    @Test
    void fillsTheArgumentAtItsPosition() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket sender = pair[0]; UnixSocket receiver = pair[1]) {
            sender.send(ByteBuffer.allocate(5));
            ByteBuffer argument = LibC.allocate(12).position(4);
            assertThat(Ioctl.ioctl(receiver.fd(), FIONREAD, argument)).isZero();
            assertThat(argument.position()).isEqualTo(4);
            assertThat(argument.getInt(0)).isZero();
            assertThat(argument.getInt(4)).isEqualTo(5);
            assertThat(argument.getInt(8)).isZero();
        }
    }

    @Test
    void takesANumber() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertThat(Ioctl.ioctl(event.fd(), FIONCLEX, 0)).isZero();
            assertThat(Kernel.isCloseOnExec(event.fd().intValue())).isFalse();
        }
    }

    @Test
    void refusesMemoryThatTheKernelCannotUse() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertThatIllegalArgumentException().isThrownBy(() -> Ioctl.ioctl(event.fd(), FIONREAD, ByteBuffer.allocate(4)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Ioctl.ioctl(event.fd(), SIXTEEN_BYTES, LibC.allocate(16).position(1)));
        }
    }

    @Test
    void saysWhatTheDeviceSays() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertThatExceptionOfType(PosixException.class)
                    .isThrownBy(() -> Ioctl.ioctl(event.fd(), SIXTEEN_BYTES, LibC.allocate(16)))
                    .withMessageContaining("0x80107400").satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY));
        }
    }
}
