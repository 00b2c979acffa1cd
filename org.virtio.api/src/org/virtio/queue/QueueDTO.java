// SPDX-License-Identifier: Apache-2.0
package org.virtio.queue;

import org.osgi.dto.DTO;

/** A snapshot of one virtqueue. */
public class QueueDTO extends DTO {
    /** Index on the device, from 0. */
    public int index;
    /** Number of descriptors. */
    public int size;
    /** {@code split}, {@code packed}, or what a transport calls a queue of its own. */
    public String format;
    /** Name of the thread that owns the queue, or null. */
    public String owner;
    /** Why the queue is broken, or null. */
    public String brokenReason;
    /** How often the queue broke. */
    public int breaks;
    /** Requests that the device has. */
    public int inFlight;
    /** Descriptors that are free. */
    public int freeDescriptors;
    /** The published available index, 0 to 65535; in a packed ring bits 0 to 14 an offset, bit 15 the wrap counter. */
    public int availableIndex;
    /** The next used index that the driver will look at, in the same form. */
    public int usedIndex;
    /** Requests published since the device was started. */
    public long requests;
    /** Requests that came back used. */
    public long completions;
    /** Buffers of all requests. */
    public long buffers;
    /** Requests that used an indirect table. */
    public long indirect;
    /** Device-readable bytes of all requests. */
    public long bytesReadable;
    /** Bytes that the device wrote. */
    public long bytesWritten;
    /** Notifications sent to the device. */
    public long notificationsSent;
    /** Flushes for which the device wanted no notification. */
    public long notificationsSuppressed;
    /** Waits that ended with a notification or wake-up. */
    public long wakeups;
    /** Requests refused for want of free descriptors. */
    public long full;
    /**
     * Requests whose latency was measured: from when they were entered in the queue until they were handed back used, with
     * suspensions in between. It is done now and then, more often the less the queue has to do. 0 of a queue that measures none.
     */
    public long latencySamples;
    /** The latency that half of the samples did not exceed, in nanoseconds, up to a 32nd too great; 0 without samples. */
    public long latencyP50Nanos;
    /** The latency that 99 in 100 samples did not exceed, in the same way. */
    public long latencyP99Nanos;
    /** The greatest latency of all samples, in nanoseconds, exact; requests that were not measured may have taken longer. */
    public long latencyMaxNanos;
    /**
     * The buckets into which samples fell: the greatest latency of each in nanoseconds, ascending. Its least latency is at most
     * a 32nd smaller. A bucket without samples is left out, so that there may be more of them in a later snapshot.
     */
    public long[] latencyBounds = {};
    /** For each bucket its samples; their growth from one snapshot to another tells of the time between. */
    public long[] latencyCounts = {};
}
