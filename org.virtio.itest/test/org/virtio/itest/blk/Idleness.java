// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Map;
import java.util.TreeMap;
import org.virtio.itest.support.Await;

/** Whether this project's threads rest. */
final class Idleness {
    /** In a row, half a millisecond apart. */
    private static final int LOOKS = 200;

    private Idleness() {
    }

    /** Waits until the processor time of every thread stays the same for a good number of looks. */
    static void await() {
        Map<String, Long> last = new TreeMap<>();
        int[] same = new int[1];
        Await.until("the threads rest", () -> {
            Map<String, Long> now = processorTimes();
            same[0] = now.equals(last) ? same[0] + 1 : 0;
            last.clear();
            last.putAll(now);
            return same[0] >= LOOKS;
        });
    }

    private static Map<String, Long> processorTimes() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        Map<String, Long> times = new TreeMap<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("virtio") || thread.getName().startsWith("vhost")) {
                times.put(thread.getName() + thread.getId(), threads.getThreadCpuTime(thread.getId()));
            }
        }
        return times;
    }
}
