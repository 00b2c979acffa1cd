// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.virtio.core.device.CoreDevice;
import org.virtio.device.DeviceAddress;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.memory.DmaBuffer;
import org.virtio.pci.PciProvider;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.BlkRequestLayout;

/**
 * Prints the figures of QEMU's virtio-blk-pci on a null disk, reached by way of the qtest socket: how long it takes to attach,
 * and 4 KiB reads. Each notification is a message to QEMU and back, so that these are figures of the rig more than of anything
 * else. Not among the tests: {@code ./mvnw -Pfigures verify}, or {@code cnf/figures.sh pci}, which
 * says how often and how long.
 */
@Tag("figures")
class PciFiguresTest {
    private static final int RUNS = Integer.getInteger("figures.runs", 5);
    private static final int BLOCK = 4096;
    private static final int STRIDE = 2 * BLOCK;
    private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(Long.getLong("figures.millis", 1000));

    private final PciProvider provider;
    private long done;

    PciFiguresTest() throws IOException {
        provider = new PciProvider();
    }

    @Test
    void print() throws Exception {
        try (QtestMachine machine = QtestMachine.builder()
                .blockdev("driver=null-co,node-name=disk,size=1073741824,read-zeroes=off")
                .device("virtio-blk-pci,id=disk,drive=disk,disable-legacy=on,packed=on,queue-size=512").start()) {
            provider.bindPath(machine.access());
            DeviceAddress address = DeviceAddress.parse("pci:" + machine.address("disk"));
            print("attach, ms", () -> attach(address));
            for (int depth : new int[] {1, 32, 128}) {
                print("4 KiB reads, depth " + depth + ", IOPS", () -> reads(address, depth));
            }
        } finally {
            provider.deactivate();
        }
        assertThat(done).as("reads").isPositive();
    }

    private static void print(String what, DoubleSupplier figure) {
        figure.getAsDouble();
        double[] runs = new double[RUNS];
        Arrays.setAll(runs, run -> figure.getAsDouble());
        Arrays.sort(runs);
        System.out.printf(Locale.ROOT, "%s: %.1f (%.1f to %.1f)%n", what, runs[RUNS / 2], runs[0], runs[RUNS - 1]);
    }

    private CoreDevice open(DeviceAddress address) {
        try {
            CoreDevice device = CoreDevice.open(provider, address, type -> "disk");
            device.negotiate(FeatureSet.NONE);
            device.start(1, 1);
            return device;
        } catch (VirtioException e) {
            throw new AssertionError(e);
        }
    }

    private double attach(DeviceAddress address) {
        long start = System.nanoTime();
        try (CoreDevice device = open(address)) {
            assertThat(device.queueCount()).isEqualTo(1);
            return (System.nanoTime() - start) / 1e6;
        }
    }

    private double reads(DeviceAddress address, int depth) {
        try (CoreDevice device = open(address)) {
            Virtqueue queue = device.acquireQueue(0);
            DmaBuffer memory = device.memory().allocate(depth * STRIDE);
            for (int slot = 0; slot < depth; slot++) {
                memory.bytes().putInt(slot * STRIDE, BlkRequestLayout.T_IN);
                read(queue, memory, slot);
            }
            queue.flush();
            UsedBufferHandler again = new UsedBufferHandler() {
                @Override
                public void used(Object token, int written) {
                    throw new AssertionError("the slot of " + token + " was lost");
                }

                @Override
                public void used(Object token, long slot, int written) {
                    read(queue, memory, (int) slot);
                }
            };
            long before = done;
            long start = System.nanoTime();
            long now = start;
            while (now - start < RUN_NANOS) {
                if (queue.poll(again, depth) > 0) {
                    queue.flush();
                }
                now = System.nanoTime();
            }
            device.releaseQueue(queue);
            return (done - before) * 1e9 / (now - start);
        }
    }

    private void read(Virtqueue queue, DmaBuffer memory, int slot) {
        int at = slot * STRIDE;
        if (queue.begin(this, slot, 3) != QueueResult.OK) {
            throw new AssertionError("the queue has no place for slot " + slot);
        }
        queue.addReadable(memory, at, BlkRequestLayout.HEADER_SIZE);
        queue.addWritable(memory, at + BLOCK, BLOCK);
        queue.addWritable(memory, at + BlkRequestLayout.HEADER_SIZE, 1);
        done++;
    }
}
