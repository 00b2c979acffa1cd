// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A {@code qemu-storage-daemon} with a vhost-user-blk export of 1 GiB of zeros. */
final class StorageDaemon implements AutoCloseable {
    static final long SECTORS = 2_097_152;

    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Path socket;
    private final Process process;

    /** Each request takes so long. */
    StorageDaemon(Path directory, int queues, int latencyMillis) throws IOException {
        socket = directory.resolve("qsd.sock");
        process = start(new ProcessBuilder("qemu-storage-daemon",
            "--blockdev", "driver=null-co,node-name=n0,size=1073741824,read-zeroes=on,latency-ns=" + latencyMillis * 1_000_000L,
            "--export", "type=vhost-user-blk,id=e0,node-name=n0,addr.type=unix,addr.path=" + socket
                + ",writable=on,num-queues=" + queues)
            .redirectErrorStream(true).redirectOutput(directory.resolve("qsd.log").toFile()));
        awaitSocket(directory);
    }

    private static Process start(ProcessBuilder command) {
        try {
            return command.start();
        } catch (IOException e) {
            return fail("qemu-storage-daemon is not installed: "
                + "apt-get install --no-install-recommends qemu-utils qemu-system-common", e);
        }
    }

    private void awaitSocket(Path directory) throws IOException {
        long start = System.nanoTime();
        while (!isListening()) {
            if (!process.isAlive() || System.nanoTime() - start > START_NANOS) {
                close();
                fail("qemu-storage-daemon did not start: " + Files.readString(directory.resolve("qsd.log")));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    /** The file is there a little earlier; the kernel's list has the flag __SO_ACCEPTCON. */
    private boolean isListening() throws IOException {
        try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
            return sockets.anyMatch(line -> line.endsWith(" " + socket) && line.contains(" 00010000 "));
        }
    }

    Path socket() {
        return socket;
    }

    long pid() {
        return process.pid();
    }

    /** SIGKILL. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
