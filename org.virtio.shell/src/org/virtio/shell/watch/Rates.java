// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.util.List;
import org.virtio.device.DeviceDTO;

/**
 * What a device did in an interval.
 *
 * @param device    the device at the interval's end
 * @param iops      completions per second; NaN before the first interval has ended, and of a device without queues
 * @param bytes     bytes per second, both ways, with the headers and status bytes of the device type; NaN as above
 * @param depth     requests in flight, the mean of all samples of the interval; NaN as above
 * @param latencies of those requests of the interval that were timed
 * @param history   {@code iops} of the last intervals, this one last
 */
record Rates(DeviceDTO device, double iops, double bytes, double depth, Latencies latencies, List<Double> history) {
    /**
     * The mean time that a request is in flight, in nanoseconds, by Little's law: the mean number in flight over completions
     * per second. NaN if nothing was completed.
     */
    double meanNanos() {
        return iops > 0 ? depth / iops * 1e9 : Double.NaN;
    }
}
