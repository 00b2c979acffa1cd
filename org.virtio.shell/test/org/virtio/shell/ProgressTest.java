// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgressTest {
    @Test
    void theBarGrowsWithWhatIsDone() {
        assertThat(Progress.bar("writing", 0, 100)).isEqualTo("writing    [........................................]   0%");
        assertThat(Progress.bar("writing", 50, 100)).isEqualTo("writing    [####################....................]  50%");
        assertThat(Progress.bar("writing", 100, 100)).isEqualTo("writing    [########################################] 100%");
    }

    @Test
    void theBarIsFullWhereThereIsNothingOrTooMuch() {
        assertThat(Progress.bar("x", 0, 0)).endsWith("] 100%");
        assertThat(Progress.bar("x", 200, 100)).endsWith("] 100%");
    }
}
