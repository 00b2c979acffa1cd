// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import org.virtio.core.queue.PollingDevice;

/**
 * The same as {@link RingBenchmark}, in a plain loop of a given length: for a tool that counts what a whole process does. The
 * difference between a long and a short run is what requests cost once they are compiled.
 */
public final class RingLoop {
    private RingLoop() {
    }

    /**
     * Runs.
     *
     * @param args format, direct or indirect, descriptors per request, requests per flush, and how often to flush
     */
    public static void main(String[] args) {
        if (args.length != 5) {
            System.err.println("usage: RingLoop <format> direct|indirect <descriptors> <batch> <rounds>");
            System.exit(2);
        }
        BlockLoad load =
            new BlockLoad(BlockLoad.format(args[0], true, args[1].equals("indirect")), Integer.parseInt(args[2]));
        PollingDevice device = load.device();
        device.suppressNotifications();
        int batch = Integer.parseInt(args[3]);
        int rounds = Integer.parseInt(args[4]);
        for (int i = 0; i < rounds; i++) {
            round(load, device, batch);
        }
        System.out.println(load.written() + device.addresses());
    }

    private static void round(BlockLoad load, PollingDevice device, int batch) {
        for (int i = 0; i < batch; i++) {
            load.add();
        }
        load.flush();
        if (device.use(batch) != batch || load.poll(batch) != batch) {
            throw new IllegalStateException("a request was lost");
        }
    }
}
