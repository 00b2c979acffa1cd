// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.virtio.itest.felix.Layout;

/**
 * A virtual machine that runs one script with the release: by way of {@code guest/boot}, whose help tells how. Disks come in
 * the order in which they are added.
 */
final class Guest {
    private static final Path SCRIPTS = Path.of("guest").toAbsolutePath();
    /** Many times what a script takes; the machine ends itself then. */
    private static final int LIMIT_SECONDS = 600;
    private static final int EXTRA_SECONDS = 60;

    private final Path directory;
    private final List<String> options = new ArrayList<>();
    private int disks;

    /**
     * A machine without disks.
     *
     * @param directory where to keep what it leaves
     */
    Guest(Path directory) {
        this.directory = directory;
    }

    /** Adds options for {@code boot}. */
    Guest with(String... more) {
        options.addAll(List.of(more));
        return this;
    }

    /**
     * Adds a disk of zeroes.
     *
     * @param size    in bytes
     * @param options of its device, for QEMU
     * @return its image
     */
    Path disk(long size, String options) throws IOException {
        String node = "disk" + disks++;
        Path image = directory.resolve(node + ".img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(size);
        }
        with("--qemu", "-blockdev driver=file,node-name=" + node + ",filename=" + image
            + " -device virtio-blk-pci,disable-legacy=on,drive=" + node + "," + options);
        return image;
    }

    /** Boots, runs one of the scripts beside {@code boot} with the release's launcher as its first argument, and waits. */
    GuestRun run(String script, Path... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve("boot").toString()));
        command.addAll(List.of("--seconds", Integer.toString(LIMIT_SECONDS)));
        command.addAll(List.of("--results", directory.resolve("results").toString()));
        command.addAll(options);
        command.addAll(List.of(SCRIPTS.resolve(script).toString(), Layout.home().resolve("bin/virtio").toString()));
        for (Path argument : arguments) {
            command.add(argument.toString());
        }
        File output = directory.resolve("output").toFile();
        ProcessBuilder builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"))
            .redirectErrorStream(true).redirectOutput(output);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        try {
            assertThat(process.waitFor(LIMIT_SECONDS + EXTRA_SECONDS, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
            return new GuestRun(process.exitValue(), Files.readString(output.toPath()));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
