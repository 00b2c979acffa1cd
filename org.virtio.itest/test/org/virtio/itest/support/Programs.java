// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Programs that tests run. */
public final class Programs {
    private Programs() {
    }

    /**
     * Where a program is.
     *
     * @param name          of the program, looked for on the PATH
     * @param debianPackage that has it, for the message if it is missing
     */
    public static String find(String name, String debianPackage) {
        return Stream.of(System.getenv("PATH").split(":")).map(directory -> Path.of(directory, name))
            .filter(Files::isExecutable).map(Path::toString).findFirst().orElseThrow(() -> new AssertionError(
                name + " is not installed: apt-get install --no-install-recommends " + debianPackage));
    }

    /**
     * Whether all threads of a process wait for something: proc(5), the state in /proc/pid/task/tid/stat. QEMU and its storage
     * daemon hand the monitor's listening socket from the main loop to a thread while they start. Of a connection that comes in
     * that moment both learn, one accepts it, and the other waits in accept for the next one, for good.
     */
    public static boolean isAtRest(Process process) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            for (Path task : tasks.toList()) {
                String stat = Files.readString(task.resolve("stat"));
                if (stat.charAt(stat.lastIndexOf(')') + 2) != 'S') {
                    return false;
                }
            }
            return true;
        } catch (NoSuchFileException e) {
            // A thread has ended meanwhile, or the process.
            return false;
        }
    }
}
