// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.bench;

import org.osgi.dto.DTO;

/** What a benchmark measured. */
public class BenchDTO extends DTO {
    /** The device. */
    public String device;
    /** The most requests that were in flight per thread. */
    public int depth;
    /** Requests in flight per thread that were asked for; the queue cannot hold more than depth if that is less. */
    public int depthAsked;
    /** Bytes per request. */
    public int size;
    /** Requests that read, of 100. */
    public int readPercent;
    /** Threads, each with a queue of its own. */
    public int threads;
    /** Whether positions were in order; else they were random. */
    public boolean sequential;
    /** Whether idle threads could sleep; else they polled. */
    public boolean sleeping;
    /** How long it took, in seconds. */
    public double seconds;
    /** Reads that were completed. */
    public long reads;
    /** Writes that were completed. */
    public long writes;
    /** Requests per second. */
    public double iops;
    /** MiB per second. */
    public double mibPerSecond;
    /** Mean latency in nanoseconds. */
    public double meanNanos;
    /** Latency that half of the requests did not exceed, in nanoseconds. */
    public long p50Nanos;
    /** The same for 99 of 100. */
    public long p99Nanos;
    /** The same for 999 of 1000. */
    public long p999Nanos;
    /** The greatest latency in nanoseconds. */
    public long maxNanos;
    /** CPU time of the driver's threads per request, in nanoseconds. */
    public double cpuNanosPerRequest;
}
