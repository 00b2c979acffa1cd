// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.virtio.posix.OpenResources;

/** Fails a test that leaves more, or less, open than it found. */
public final class NothingOpen implements BeforeEachCallback, AfterEachCallback {
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
    }
}
