// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.posix.Errno;
import org.virtio.posix.EventLoop;
import org.virtio.posix.PosixException;
import org.virtio.posix.UnixSocket;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;
import org.virtio.transport.TransportProvider;

/**
 * Opens devices whose back end listens on a UNIX socket.
 *
 * <p>One thread serves all of them: it notices back ends that hang up, takes the requests that back ends make, and calls the
 * listeners. A listener that waits for a back end delays the events of other devices, by the reply timeout at the most.
 */
@Component
public final class VhostUserProvider implements TransportProvider {
    private final Set<VhostUserTransport> open = ConcurrentHashMap.newKeySet();
    private final EventLoop events;

    /** Starts the thread. */
    @Activate
    public VhostUserProvider() throws PosixException {
        events = EventLoop.start("vhost-user events");
    }

    /** Closes what is still open, and ends the thread. */
    @Deactivate
    public void deactivate() {
        open.forEach(VhostUserTransport::close);
        events.close();
    }

    @Override
    public String scheme() {
        return "vhost-user";
    }

    @Override
    public void check(DeviceAddress address) {
        VhostUserOptions.of(address);
    }

    @Override
    public Transport open(DeviceAddress address, TransportListener listener) throws VirtioException {
        VhostUserOptions options = VhostUserOptions.of(address);
        VhostUserTransport transport =
            new VhostUserTransport(options, connect(options.path()), events, listener, open::remove);
        open.add(transport);
        boolean begun = false;
        try {
            transport.begin();
            begun = true;
            return transport;
        } catch (VirtioException e) {
            throw new VirtioException(options.path() + ": " + e.getMessage(), e);
        } finally {
            if (!begun) {
                transport.close();
            }
        }
    }

    private static UnixSocket connect(String path) throws VirtioException {
        try {
            return UnixSocket.connect(path);
        } catch (PosixException e) {
            throw new VirtioException("cannot connect to " + path + ": " + reason(path, e), e);
        }
    }

    /** Says it in words where the kernel's error is one that people meet. */
    private static String reason(String path, PosixException e) {
        if (Files.isDirectory(Path.of(path))) {
            return "it is a directory, not a socket";
        }
        if (Files.isRegularFile(Path.of(path))) {
            return "it is a plain file, not a socket";
        }
        if (e.errno() == Errno.ENOENT) {
            return "there is no such file; is the back end running?";
        }
        if (e.errno() == Errno.ECONNREFUSED) {
            return "nobody listens on it; is the back end running?";
        }
        if (e.errno() == Errno.EAGAIN) {
            return "too many connections wait for it already";
        }
        return e.getMessage();
    }
}
