// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.virtio.itest.support.Await;
import org.virtio.posix.OpenResources;

/**
 * What the bundles hold of the process: by their own count, and by the kernel's.
 *
 * @param fileDescriptors       by their own count
 * @param mappings              by their own count
 * @param kernelFileDescriptors eventfds, epoll instances, sockets and shared memory that are open
 * @param kernelMappings        mappings of shared memory
 * @param threads               names of the bundles' threads
 */
public record Resources(long fileDescriptors, long mappings, long kernelFileDescriptors, long kernelMappings,
                        List<String> threads) {
    static {
        // The JDK keeps a socket of its own from the first use of these on.
        try {
            SocketChannel.open(StandardProtocolFamily.UNIX).close();
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As it is. */
    public static Resources now() {
        return new Resources(OpenResources.fileDescriptors(), OpenResources.mappings(), kernelFileDescriptorCount(),
            kernelMappingCount(), virtioThreads());
    }

    /** Waits until no more is held than then; threads end a moment after they were told to. */
    public static void awaitBack(Resources then) {
        Resources[] last = new Resources[1];
        try {
            Await.until("back", () -> {
                last[0] = now();
                return last[0].within(then);
            });
        } catch (AssertionError e) {
            throw new AssertionError("something was left open: before " + then + ", now " + last[0]);
        }
    }

    private boolean within(Resources then) {
        return fileDescriptors <= then.fileDescriptors && mappings <= then.mappings
            && kernelFileDescriptors <= then.kernelFileDescriptors && kernelMappings <= then.kernelMappings
            && ofDevices(threads).size() <= ofDevices(then.threads).size();
    }

    /** Without the one thread of the block driver that begins with its first device and ends with its bundle. */
    private static List<String> ofDevices(List<String> threads) {
        return threads.stream().filter(name -> !name.equals("virtio-blk events")).toList();
    }

    /** Names of the live threads that belong to this project's bundles. */
    public static List<String> virtioThreads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
            .filter(name -> name.startsWith("virtio") || name.startsWith("vhost")).sorted().toList();
    }

    private static long kernelFileDescriptorCount() {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.map(Resources::target)
                .filter(target -> target.contains("[eventfd]") || target.contains("[eventpoll]") || target.contains("memfd:")
                    || target.startsWith("socket:"))
                .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // Closed since it was listed.
            return "";
        }
    }

    private static long kernelMappingCount() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("/memfd:")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
