// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.time.Duration;

/**
 * How long the core waits.
 *
 * @param reset  for the device, until its status reads 0
 * @param owners for the owners of broken queues, until they have released them
 */
record Limits(Duration reset, Duration owners) {
    static final Limits DEFAULT = new Limits(Duration.ofSeconds(5), Duration.ofSeconds(5));
}
