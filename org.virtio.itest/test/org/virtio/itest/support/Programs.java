// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import java.nio.file.Files;
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
}
