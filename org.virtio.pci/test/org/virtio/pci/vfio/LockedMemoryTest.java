// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LockedMemoryTest {
    private static final String HEAD = "Limit                     Soft Limit           Hard Limit           Units     \n"
        + "Max processes             95976                95976                processes \n";

    @Test
    void findsTheSoftLimit() {
        String some = HEAD + "Max locked memory         65536                8388608              bytes     \n";
        assertThat(LockedMemory.limit(some)).isEqualTo("65536 bytes");
        String all = HEAD + "Max locked memory         unlimited            unlimited            bytes     \n";
        assertThat(LockedMemory.limit(all)).isEqualTo("unlimited");
        assertThat(LockedMemory.limit(HEAD)).isEqualTo("not known");
    }

    @Test
    void knowsThisProcess() {
        assertThat(LockedMemory.limit()).matches("\\d+ bytes|unlimited");
    }
}
