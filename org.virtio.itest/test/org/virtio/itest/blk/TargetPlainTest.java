// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.Test;
import org.virtio.device.DeviceDTO;

/** The contract with the embedded target by split rings, without tables and in any order: what most back ends have. */
public class TargetPlainTest extends TargetRamTest {
    @Override
    protected String serve(Path directory) throws Exception {
        return super.serve(directory) + "?packed=off&indirect=off&in_order=off";
    }

    @Test
    public void theRingsArePlain() {
        DeviceDTO dto = virtio.dump("disk");
        assertThat(dto.queues).isNotEmpty().allMatch(queue -> queue.format.equals("split") && queue.indirect == 0);
        assertThat(dto.negotiatedFeatures).contains("EVENT_IDX").doesNotContain("RING_PACKED", "INDIRECT_DESC", "IN_ORDER");
    }
}
