// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;

/** What the table says of devices that cannot be opened. */
class DeviceTableTest {
    private final DeviceTable table = new DeviceTable();

    private DeclaredDevice declared() throws VirtioException {
        try (DeviceTable.Reservation reservation = table.reserve("disk")) {
            return reservation.declare(DeviceAddress.parse("fake:/there"));
        }
    }

    /** Whoever tries in between, as when a provider comes, arranges no second one: they would become ever more. */
    @Test
    void oneFurtherAttemptIsArrangedAtATime() throws VirtioException {
        DeclaredDevice declared = declared();
        assertThat(fails(declared)).isTrue();
        assertThat(fails(declared)).isFalse();
        table.retry(declared);
        assertThat(fails(declared)).isTrue();
    }

    @Test
    void noneIsArrangedForADeviceThatIsDetached() throws VirtioException {
        DeclaredDevice declared = declared();
        assertThat(table.beginOpening(declared)).isTrue();
        assertThat(table.remove("disk")).isNull();
        assertThat(table.notOpened(declared, "nobody listens")).isFalse();
        assertThat(table.beginOpening(declared)).isFalse();
    }

    private boolean fails(DeclaredDevice declared) {
        assertThat(table.beginOpening(declared)).isTrue();
        return table.notOpened(declared, "nobody listens");
    }
}
