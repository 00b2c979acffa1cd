// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.HdrHistogram.Histogram;
import org.virtio.blk.BlockDevice;
import org.virtio.shell.CommandException;
import org.virtio.shell.Progress;
import org.virtio.shell.print.Units;

/** Measures a block device with as many threads as asked for. */
public final class Bench {
    private static final long TICK_MILLIS = 50;

    private final BlockDevice device;
    private final BenchOptions options;
    private final List<BenchWorker> workers = new ArrayList<>();

    /** A measurement, not yet begun. */
    public Bench(BlockDevice device, BenchOptions options) {
        this.device = device;
        this.options = options;
    }

    /** How long it will take, in nanoseconds. */
    public static long nanos(BenchOptions options) {
        return options.warmUpNanos() + options.nanos();
    }

    /** Measures. Interrupting the calling thread ends it. */
    public BenchDTO run(Progress progress) throws Exception {
        options.check(device);
        List<FutureTask<Void>> tasks = new ArrayList<>();
        try {
            for (int i = 0; i < options.threads(); i++) {
                BenchWorker worker = new BenchWorker(device, options, i);
                workers.add(worker);
                FutureTask<Void> task = new FutureTask<>(() -> {
                    worker.run();
                    return null;
                });
                tasks.add(task);
                new Thread(task, "virtio bench " + i).start();
            }
            long start = System.nanoTime();
            for (FutureTask<Void> task : tasks) {
                await(task, progress, start);
            }
        } finally {
            end(tasks);
        }
        return result();
    }

    private void await(FutureTask<Void> task, Progress progress, long start) throws Exception {
        long before = completed();
        long ticked = System.nanoTime();
        while (true) {
            try {
                task.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                long now = System.nanoTime();
                long completed = completed();
                double iops = Math.max(0, completed - before) / ((now - ticked) / 1e9);
                progress.update(now - start, Units.number(Math.round(iops)) + " IOPS");
                before = completed;
                ticked = now;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CommandException("interrupted", e);
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Exception cause ? cause : e;
            }
        }
    }

    // The workers use the device, which the caller gives back when this returns: so they must have ended.
    private void end(List<FutureTask<Void>> tasks) {
        workers.forEach(BenchWorker::stop);
        boolean interrupted = false;
        for (FutureTask<Void> task : tasks) {
            boolean ended = false;
            while (!ended) {
                try {
                    task.get();
                    ended = true;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    ended = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private long completed() {
        return workers.stream().mapToLong(BenchWorker::progress).sum();
    }

    private BenchDTO result() {
        Histogram latencies = new Histogram(workers.get(0).latencies());
        long cpu = 0;
        BenchDTO result = new BenchDTO();
        for (BenchWorker worker : workers) {
            latencies.add(worker.latencies());
            cpu += worker.cpuNanos();
            result.reads += worker.reads();
            result.writes += worker.writes();
            result.depth = Math.max(result.depth, worker.mostInFlight());
            double seconds = worker.elapsedNanos() / 1e9;
            result.seconds = Math.max(result.seconds, seconds);
            result.iops += (worker.reads() + worker.writes()) / seconds;
        }
        result.device = device.name();
        result.depthAsked = options.depth();
        result.size = options.size();
        result.readPercent = options.readPercent();
        result.threads = options.threads();
        result.sequential = options.sequential();
        result.sleeping = options.sleeping();
        result.mibPerSecond = result.iops * options.size() / (1 << 20);
        result.cpuNanosPerRequest = (double) cpu / Math.max(1, result.reads + result.writes);
        percentiles(result, latencies);
        return result;
    }

    static void percentiles(BenchDTO result, Histogram latencies) {
        result.meanNanos = latencies.getMean();
        result.p50Nanos = latencies.getValueAtPercentile(50);
        result.p99Nanos = latencies.getValueAtPercentile(99);
        result.p999Nanos = latencies.getValueAtPercentile(99.9);
        result.maxNanos = latencies.getMaxValue();
    }
}
