// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.virtio.posix.OpenResources;

/** Fails a test that leaves a descriptor, a mapping or a thread of a target behind. */
final class NoLeaks implements BeforeEachCallback, AfterEachCallback {
    private long descriptors;
    private long mappings;

    @Override
    public void beforeEach(ExtensionContext context) {
        descriptors = OpenResources.fileDescriptors();
        mappings = OpenResources.mappings();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        assertThat(OpenResources.fileDescriptors()).as("open descriptors").isEqualTo(descriptors);
        assertThat(OpenResources.mappings()).as("open mappings").isEqualTo(mappings);
        assertThat(threads()).isEmpty();
    }

    static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(Thread::isAlive).map(Thread::getName)
            .filter(name -> name.startsWith("virtio-target")).toList();
    }
}
