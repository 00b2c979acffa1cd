// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.virtio.pci.sysfs.IommuGroup;

/** The groups that are open: each once, as the kernel demands, for as long as one of its functions is. Thread-safe. */
final class VfioGroups {
    private final Path dev;
    private final Map<String, Shared> groups = new HashMap<>();

    private static final class Shared {
        private final VfioGroup group;
        private int users;

        Shared(VfioGroup group) {
            this.group = group;
        }
    }

    VfioGroups(Path dev) {
        this.dev = dev;
    }

    /** Opens a group, unless it is open, to be released by its number. */
    synchronized VfioGroup acquire(IommuGroup group) throws IOException {
        Shared shared = groups.get(group.name());
        if (shared == null) {
            shared = new Shared(VfioGroup.open(group, dev));
            groups.put(group.name(), shared);
        }
        shared.users++;
        return shared.group;
    }

    synchronized void release(String number) {
        Shared shared = groups.get(number);
        if (--shared.users == 0) {
            groups.remove(number);
            shared.group.close();
        }
    }
}
