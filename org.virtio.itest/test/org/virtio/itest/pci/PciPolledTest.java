// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

/** No interrupts, without indirect descriptors and event indices. */
public class PciPolledTest extends PciContract {
    @Override
    protected String deviceOptions() {
        return "disable-legacy=on,event_idx=off,indirect_desc=off";
    }

    @Override
    protected String interrupts() {
        return "polling";
    }

    @Override
    protected String addressOptions() {
        return "access=qtest&interrupts=poll";
    }
}
