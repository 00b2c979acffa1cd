// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.complete;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.virtio.host.HostDevices;
import org.virtio.shell.Services;

/**
 * What the first argument of a command can be.
 *
 * @param services the services that know
 */
record Candidates(Services services) {
    private static final String SCOPE = "virtio:";
    private static final String VHOST_USER = "vhost-user:";
    private static final Set<String> OF_DEVICES = Set.of("bench", "config", "copy", "detach", "dump", "features", "fill", "flush",
        "info", "move", "queues", "read", "verify", "watch", "write");
    private static final Set<String> OF_HOST_DEVICES = Set.of("bind", "scan", "unbind");

    /** Those for a command, given what is typed already. */
    List<String> of(String command, String typed) {
        String name = command.startsWith(SCOPE) ? command.substring(SCOPE.length()) : command;
        try {
            if (OF_DEVICES.contains(name)) {
                return services.registry(registry -> registry.devices().stream().map(device -> device.name).toList());
            }
            if (OF_HOST_DEVICES.contains(name)) {
                return hostDevices();
            }
            return name.equals("attach") ? addresses(typed) : List.of();
        } catch (Exception e) {
            // Whoever runs the command is told; the Tab key only has nothing to offer.
            return List.of();
        }
    }

    private List<String> addresses(String typed) throws Exception {
        if (typed.startsWith(VHOST_USER)) {
            return sockets(typed.substring(VHOST_USER.length()));
        }
        return typed.contains(":") ? hostDevices()
            : services.registry(registry -> registry.transports().stream().map(scheme -> scheme + ":").toList());
    }

    private List<String> hostDevices() throws Exception {
        return services.hostDevices(HostDevices::scan).stream().flatMap(Collection::stream).map(device -> device.address)
            .toList();
    }

    /** The directories, and the files that can be sockets, which the beginning of a path can mean. */
    private static List<String> sockets(String typed) throws IOException {
        String directory = typed.substring(0, typed.lastIndexOf('/') + 1);
        List<String> sockets = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(directory))) {
            for (Path file : files) {
                if (!Files.isRegularFile(file)) {
                    sockets.add(VHOST_USER + directory + file.getFileName() + (Files.isDirectory(file) ? "/" : ""));
                }
            }
        }
        return sockets;
    }
}
