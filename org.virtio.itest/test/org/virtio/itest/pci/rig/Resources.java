// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/** What a machine holds, to be closed in the opposite order, and a directory that is deleted at last. */
final class Resources implements AutoCloseable {
    private final Path directory;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    Resources() throws IOException {
        // Its path is short enough for sockets, unlike those that tests are given.
        directory = Files.createTempDirectory("qtest");
    }

    Path directory() {
        return directory;
    }

    <T extends AutoCloseable> T add(T resource) {
        open.push(resource);
        return resource;
    }

    /** Closes each, whatever becomes of the others, and then fails with the first failure. */
    @Override
    public void close() {
        AssertionError failure = null;
        while (!open.isEmpty()) {
            failure = tryTo(open.pop(), failure);
        }
        failure = tryTo(this::deleteDirectory, failure);
        if (failure != null) {
            throw failure;
        }
    }

    private static AssertionError tryTo(AutoCloseable step, AssertionError before) {
        try {
            step.close();
            return before;
        } catch (Exception | AssertionError e) {
            return before == null ? new AssertionError("the machine cannot be closed: " + e, e) : before;
        }
    }

    private void deleteDirectory() throws IOException {
        if (Files.exists(directory)) {
            List<Path> files;
            try (Stream<Path> all = Files.walk(directory)) {
                files = all.sorted(Comparator.reverseOrder()).toList();
            }
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }
}
