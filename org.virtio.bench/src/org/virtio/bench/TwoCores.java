// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.virtio.core.queue.PollingDevice;
import org.virtio.core.queue.RingFormat;

/**
 * Driver and device on two cores, both spinning, one ring between them: what a request costs when the ring's cache lines have
 * to travel. Prints one row of a table, since a JVM that has run one format measures the next one worse.
 *
 * <p>With one descriptor the first two figures can be compared with Linux's {@code tools/virtio/ringtest}, run with
 * {@code --outstanding 1} and without: one request at a time is published, used and polled, and nobody sleeps. What ringtest
 * then leaves out is done here, since a driver cannot know that nobody sleeps: a full fence for each request, and a look
 * at the device's wish.
 */
public final class TwoCores {
    private static final int CHUNK = 20_000;
    private static final int BATCH = 32;
    private static volatile boolean running = true;

    private final BlockLoad load;
    private PollingDevice device;

    private TwoCores(BlockLoad load) {
        this.load = load;
    }

    /**
     * Measures.
     *
     * @param args format, descriptors per request, direct or indirect, number of runs, milliseconds per run; none for the
     *     table's head
     */
    public static void main(String[] args) throws InterruptedException {
        if (args.length == 0) {
            System.out.println("| format | descriptors | ping-pong | streaming | streaming, in batches of 32 |");
            System.out.println("|---|---|---|---|---|");
            return;
        }
        if (args.length != 5) {
            System.err.println("usage: TwoCores [<format> <descriptors> direct|indirect <runs> <milliseconds>]");
            System.exit(2);
        }
        RingFormat format = BlockLoad.format(args[0], true, args[2].equals("indirect"));
        TwoCores bench = new TwoCores(new BlockLoad(format, Integer.parseInt(args[1])));
        long nanos = TimeUnit.MILLISECONDS.toNanos(Long.parseLong(args[4]));
        System.out.printf("| %s%s | %s |%s%s%s%n", args[0], format.indirect() ? ", indirect" : "", args[1],
            bench.column(1, 1, Integer.parseInt(args[3]), nanos),
            bench.column(BlockLoad.SIZE, 1, Integer.parseInt(args[3]), nanos),
            bench.column(BlockLoad.SIZE, BATCH, Integer.parseInt(args[3]), nanos));
    }

    /** The median of some runs after two for the warm-up, with the least and the greatest: nanoseconds per request. */
    private String column(int outstanding, int batch, int runs, long nanos) throws InterruptedException {
        running = true;
        Thread device = new Thread(() -> runDevice(batch), "device");
        device.setDaemon(true);
        device.setUncaughtExceptionHandler((thread, e) -> {
            e.printStackTrace();
            System.exit(1);
        });
        device.start();
        run(outstanding, batch, 2 * nanos);
        double[] results = new double[runs];
        for (int i = 0; i < runs; i++) {
            results[i] = run(outstanding, batch, nanos);
        }
        running = false;
        device.join();
        Arrays.sort(results);
        return String.format(" %.1f (%.1f to %.1f) |", results[runs / 2], results[0], results[runs - 1]);
    }

    private void runDevice(int batch) {
        if (device == null) {
            // Made by its own thread, so that its fields share no cache line with the driver's.
            device = load.device();
            device.suppressNotifications();
        }
        PollingDevice mine = device;
        while (running) {
            mine.use(batch);
        }
    }

    private double run(int outstanding, int batch, long nanos) {
        long requests = 0;
        long start = System.nanoTime();
        long now;
        do {
            exchange(CHUNK, outstanding, batch);
            requests += CHUNK;
            now = System.nanoTime();
        } while (now - start < nanos);
        return (double) (now - start) / requests;
    }

    private void exchange(int count, int outstanding, int batch) {
        int started = 0;
        int completed = 0;
        while (completed < count) {
            int most = Math.min(batch, Math.min(count, completed + outstanding) - started);
            int added = 0;
            while (added < most && load.add()) {
                added++;
            }
            if (added > 0) {
                load.flush();
                started += added;
            }
            completed += load.poll(batch);
        }
    }
}
