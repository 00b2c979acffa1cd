// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.VirtioException;
import org.virtio.posix.UnixServerSocket;
import org.virtio.posix.UnixSocket;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;
import org.virtio.target.TargetDTO;
import org.virtio.target.TargetOptions;
import org.virtio.target.disk.Disk;
import org.virtio.target.disk.FileDisk;
import org.virtio.target.disk.NullDisk;
import org.virtio.target.disk.RamDisk;
import org.virtio.target.queue.BlockDevice;
import org.virtio.target.queue.FaultPlan;
import org.virtio.user.message.FrontEndRequest;

/**
 * A block device on a UNIX socket. It serves one front end at a time: the protocol has one for a device, and two would
 * overwrite each other's data. Another is disconnected at once; after the first is gone the next may come. Thread-safe.
 */
public final class BlockTarget implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BlockTarget.class);
    private static final int MODE = 0600;
    /** A front end that comes back is often faster than the end of its old session. */
    private static final long HANDOVER_MILLIS = 1_000;
    private static final long ACCEPT_RETRY_MILLIS = 100;

    private final TargetOptions options;
    private final Faults faults;
    private final FaultPlan requestFaults;
    private final Disk disk;
    private final BlockDevice device;
    private final BlockConfig config;
    private final AllowedUid allowed;
    private final UnixServerSocket server;
    private final LongAdder requests = new LongAdder();
    private final Thread acceptor;
    private volatile boolean closing;
    private volatile Session session;
    private Thread sessionThread;

    /**
     * Opens the disk and starts to serve it on a socket with mode 0600.
     *
     * @throws IllegalArgumentException if an option is out of range; the message has the value and the range
     * @throws VirtioException          if the socket or the file cannot be opened
     */
    public BlockTarget(TargetOptions options) throws VirtioException {
        OptionsCheck.check(options);
        this.options = options;
        this.faults = Faults.parse(options.faults());
        this.requestFaults = faults.requests().isEmpty() ? null : new FaultPlan(faults.requests(), this::disconnect);
        this.disk = open(options);
        this.device = new BlockDevice(disk, options.blockSize(), options.readOnly(), OptionsCheck.id(options));
        this.config = new BlockConfig(device, options.queues(), options.withheld());
        this.allowed = new AllowedUid(options.uid());
        this.server = bind();
        this.acceptor = new Thread(this::accept, "virtio-target " + options.path() + " acceptor");
        acceptor.setDaemon(true);
        acceptor.start();
    }

    private static Disk open(TargetOptions options) throws VirtioException {
        try {
            if (options.file() == null) {
                return new RamDisk(options.size());
            }
            if (!OptionsCheck.isFile(options)) {
                return new NullDisk(options.size());
            }
            FileDisk disk = FileDisk.open(Path.of(options.file()), options.size(), options.readOnly());
            if (disk.size() % options.blockSize() != 0) {
                disk.close();
                OptionsCheck.checkSize(disk.size(), options.blockSize());
            }
            return disk;
        } catch (IOException | InvalidPathException e) {
            throw new VirtioException("cannot open the disk: " + reason(e), e);
        }
    }

    /** Some exceptions of file systems have the file alone for a message, and say by their class what is wrong with it. */
    private static String reason(Exception e) {
        if (e instanceof NoSuchFileException) {
            return "there is no " + e.getMessage();
        }
        if (e instanceof AccessDeniedException) {
            return "access to " + e.getMessage() + " is denied";
        }
        return e instanceof FileSystemException file && file.getReason() != null
            ? file.getFile() + ": " + file.getReason() : e.getMessage();
    }

    private UnixServerSocket bind() throws VirtioException {
        try {
            return UnixServerSocket.bind(options.path(), MODE);
        } catch (IOException e) {
            disk.close();
            Path directory = Path.of(options.path()).toAbsolutePath().getParent();
            throw new VirtioException("cannot listen: " + (directory == null || Files.isDirectory(directory)
                ? e.getMessage() : "there is no directory " + directory + " for the socket " + options.path()), e);
        }
    }

    private void accept() {
        while (!closing) {
            try {
                serveOrClose(server.accept(-1));
            } catch (IOException e) {
                if (!closing) {
                    LOG.warn("Target {}: {}", name(), e.getMessage());
                    pause();
                }
            } catch (RuntimeException | Error e) {
                // The next front end may be luckier: without an acceptor it would wait for its first answer for ever.
                LOG.error("Target {}: a front end cannot be served", name(), e);
                pause();
            }
        }
    }

    /** A front end that cannot be served must not wait for an answer that never comes. */
    private void serveOrClose(UnixSocket socket) throws IOException {
        try {
            serve(socket);
        } catch (IOException | RuntimeException | Error e) {
            socket.close();
            throw e;
        }
    }

    /** Descriptors may have run out, for which retrying at once would burn a CPU. */
    private synchronized void pause() {
        try {
            if (!closing) {
                wait(ACCEPT_RETRY_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(UnixSocket socket) throws IOException {
        String refusal = allowed.refusal(socket);
        if (refusal != null) {
            LOG.warn("Target {}: a front end is refused: {}", name(), refusal);
            socket.close();
            return;
        }
        if (isServing()) {
            LOG.warn("Target {}: a front end is refused because another is connected", name());
            socket.close();
            return;
        }
        Session next = new Session(this, socket, options.queues());
        Thread thread = new Thread(() -> run(next), "virtio-target " + options.path() + " session");
        thread.setDaemon(true);
        synchronized (this) {
            if (closing) {
                socket.close();
                return;
            }
            session = next;
            try {
                thread.start();
                sessionThread = thread;
            } catch (Error e) {
                session = null;
                throw e;
            }
        }
        // Not by the session's thread: a log that is slow would be the front end's first answer late.
        LOG.info("Target {}: a front end has connected", name());
    }

    private boolean isServing() {
        Thread thread = sessionThread;
        return thread != null && !join(thread, HANDOVER_MILLIS);
    }

    private void run(Session current) {
        try {
            current.run();
        } catch (RuntimeException | Error e) {
            LOG.error("Target {}: the session has failed, and its connection is closed", name(), e);
        } finally {
            session = null;
        }
    }

    private void disconnect() {
        Session current = session;
        if (current != null) {
            current.disconnect();
        }
    }

    /**
     * Makes the disk larger and tells the front end.
     *
     * @param newSize bytes
     * @throws IllegalArgumentException if it is no multiple of the block size or below the present size
     * @throws VirtioException          if the disk cannot grow
     */
    public synchronized void resize(long newSize) throws VirtioException {
        OptionsCheck.checkSize(newSize, options.blockSize());
        if (newSize < disk.size()) {
            throw new IllegalArgumentException("size " + newSize + " is below the present size " + disk.size());
        }
        try {
            disk.grow(newSize);
        } catch (IOException e) {
            throw new VirtioException("the disk cannot grow: " + e.getMessage(), e);
        }
        Session current = session;
        if (current != null) {
            current.configChanged();
        }
    }

    /** A snapshot. */
    public TargetDTO dto() {
        TargetDTO dto = new TargetDTO();
        dto.path = options.path();
        dto.disk = options.file() == null ? "ram" : options.file();
        dto.size = disk.size();
        dto.blockSize = options.blockSize();
        dto.queues = options.queues();
        dto.readOnly = options.readOnly();
        dto.uid = options.uid();
        dto.withheld = options.withheld().names(DeviceType.BLOCK);
        Session current = session;
        dto.connections = current == null ? 0 : 1;
        dto.ring = current == null ? null : current.features().contains(Feature.RING_PACKED) ? "packed" : "split";
        dto.inflight = current != null && current.keepsInflight();
        dto.requests = requests.sum();
        return dto;
    }

    /** Disconnects the front end, removes the socket and closes the disk. Does nothing when closed. */
    @Override
    public void close() {
        Thread serving;
        synchronized (this) {
            closing = true;
            notifyAll();
            serving = sessionThread;
        }
        server.close();
        join(acceptor, 0);
        disconnect();
        if (serving != null) {
            join(serving, 0);
        }
        disk.close();
    }

    /** Returns whether the thread has ended. */
    private static boolean join(Thread thread, long millis) {
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    String name() {
        return options.path();
    }

    BlockDevice device() {
        return device;
    }

    BlockConfig config() {
        return config;
    }

    /** Null if no request goes wrong. */
    FaultPlan requestFaults() {
        return requestFaults;
    }

    /** Null if the message goes right. */
    MessageFault messageFault(FrontEndRequest request) {
        return faults.messages().get(request);
    }

    LongAdder requests() {
        return requests;
    }

    long spinNanos() {
        return options.spinNanos();
    }
}
