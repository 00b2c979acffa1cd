// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.device.DeviceAddress;
import org.virtio.transport.Transport;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;

/** A front end in a process of its own is stopped while it waits, as a machine is by a snapshot or a migration. */
class PauseTest {
    private static final int REPLY_TIMEOUT_MILLIS = 1000;

    @TempDir
    Path directory;

    /** The front end's process. */
    static final class FrontEnd {
        private FrontEnd() {
        }

        public static void main(String[] args) throws Exception {
            VhostUserProvider provider = new VhostUserProvider();
            try (Transport transport = provider.open(DeviceAddress.parse("vhost-user:" + args[0]), new RecordingListener())) {
                System.out.println(transport.deviceFeatures());
            } finally {
                provider.deactivate();
            }
        }
    }

    /** The back end, paused too where it was the machine, answers a while after that. */
    @Test
    void aPauseLongerThanTheTimeoutIsNotTakenForSilence() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0)) {
            backEnd.misbehave(FrontEndRequest.GET_FEATURES, (request, channel) -> {
                backEnd.behave();
                pause(channel.socket().peerCredentials().pid(), REPLY_TIMEOUT_MILLIS + 200);
                sleep(REPLY_TIMEOUT_MILLIS / 4);
                channel.send(Message.of(FrontEndRequest.GET_FEATURES, ScriptedBackEnd.FEATURES).asReply());
            });
            backEnd.start();
            assertThat(frontEnd(backEnd.path() + "?reply_timeout=" + REPLY_TIMEOUT_MILLIS)).isEqualTo("[28, 32, 40]\n");
        }
    }

    private static void pause(int pid, int millis) throws IOException {
        kill("STOP", pid);
        try {
            sleep(millis);
        } finally {
            kill("CONT", pid);
        }
    }

    private static void kill(String signal, int pid) throws IOException {
        try {
            assertThat(new ProcessBuilder("kill", "-" + signal, Integer.toString(pid)).start().waitFor()).isZero();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static void sleep(int millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** What it prints; it has ended when this returns. */
    private static String frontEnd(String address) throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), FrontEnd.class.getName(), address)
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            return new String(process.getInputStream().readAllBytes());
        } finally {
            process.destroyForcibly();
        }
    }
}
