// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import java.util.concurrent.atomic.AtomicLong;

/** How much this bundle holds open now, so that a test or an operator can see a leak. Thread-safe. */
public final class OpenResources {
    static final AtomicLong FILE_DESCRIPTORS = new AtomicLong();
    static final AtomicLong MAPPINGS = new AtomicLong();

    private OpenResources() {
    }

    /**
     * Number of open {@link FileDescriptor}s. One that was closed while a call was using it counts until that call is over.
     *
     * @return zero or more
     */
    public static long fileDescriptors() {
        return FILE_DESCRIPTORS.get();
    }

    /**
     * Number of {@link Mapping}s that are not closed.
     *
     * @return zero or more
     */
    public static long mappings() {
        return MAPPINGS.get();
    }
}
