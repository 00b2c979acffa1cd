// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A qemu-storage-daemon that serves one block device by vhost-user. */
public final class StorageDaemon implements AutoCloseable {
    private static final String PROGRAM = "qemu-storage-daemon";

    private final Process process;
    private final Path socket;
    private final Qmp qmp;

    private StorageDaemon(Process process, Path socket, Qmp qmp) {
        this.process = process;
        this.socket = socket;
        this.qmp = qmp;
    }

    /** Serves a raw file. */
    public static StorageDaemon ofFile(Path directory, Path image, int queues) throws IOException {
        return start(directory, "node-name=disk,writable=on,num-queues=" + queues,
            "--blockdev", "driver=file,node-name=disk,discard=unmap,filename=" + image);
    }

    /** Serves a device of which every request takes a minute. */
    public static StorageDaemon ofSlowDisk(Path directory, long size, int queues) throws IOException {
        return start(directory, "node-name=disk,writable=on,num-queues=" + queues,
            "--blockdev", "driver=null-co,node-name=disk,latency-ns=60000000000,size=" + size);
    }

    /**
     * Starts the daemon and waits until it serves.
     *
     * @param directory where its sockets and its log go; its path must be short
     * @param export    options of the export
     * @param nodes     options that make the node that is exported
     */
    public static StorageDaemon start(Path directory, String export, String... nodes) throws IOException {
        Path socket = directory.resolve("disk.sock");
        Path monitor = directory.resolve("qmp.sock");
        Path log = directory.resolve("daemon.log");
        Files.deleteIfExists(socket);
        Files.deleteIfExists(monitor);
        List<String> command = new ArrayList<>(List.of(Programs.find(PROGRAM, "qemu-system-common")));
        command.addAll(List.of(nodes));
        command.addAll(List.of(
            "--export", "type=vhost-user-blk,id=export,addr.type=unix,addr.path=" + socket + "," + export,
            "--chardev", "socket,id=qmp,server=on,wait=off,path=" + monitor,
            "--monitor", "chardev=qmp"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            Qmp qmp = Await.value("the daemon's monitor greets", () -> greeting(process, monitor, log));
            return new StorageDaemon(process, socket, qmp);
        } catch (AssertionError e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static Qmp greeting(Process process, Path monitor, Path log) throws IOException {
        if (!process.isAlive()) {
            throw new IOException(PROGRAM + " ended with " + process.exitValue() + ": " + Files.readString(log));
        }
        if (!Files.exists(monitor) || !Programs.isAtRest(process)) {
            return null;
        }
        try {
            return Qmp.connect(monitor);
        } catch (ConnectException e) {
            // Bound, but not listening yet.
            return null;
        }
    }

    /** The path of the socket on which it serves. */
    public String path() {
        return socket.toString();
    }

    /** Makes the device larger or smaller. */
    public void resize(long size) throws IOException {
        qmp.execute("{\"execute\": \"block_resize\", \"arguments\": {\"node-name\": \"disk\", \"size\": " + size + "}}");
    }

    /** Ends it without giving it a chance to tidy up: SIGKILL. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(PROGRAM + " with id " + process.pid() + " does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        kill();
        qmp.close();
    }

    /** Makes a file of zeroes. */
    public static Path image(Path file, long size) throws IOException {
        try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
            image.setLength(size);
        }
        return file;
    }
}
