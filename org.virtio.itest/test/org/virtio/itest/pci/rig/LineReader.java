// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.Arrays;
import org.virtio.itest.support.Await;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.PciFunction;

/** Reads sectors one after the other, each time by an INTx interrupt. */
final class LineReader implements AutoCloseable {
    private static final int MEMORY = 1 << 20;

    private final PciFunction function;
    private final RegionOfTest region;
    private final RawDisk disk;
    private final Intx intx;
    private final Arrivals arrivals;
    private volatile int done;
    private volatile Throwable failure;

    LineReader(PciFunction function) throws IOException {
        this.function = function;
        this.region = RegionOfTest.create(MEMORY);
        this.disk = new RawDisk(function, region.buffer(), function.map(region));
        this.intx = function.enableIntx();
        this.arrivals = new Arrivals(intx.fd());
        disk.start(0, RawDisk.NO_VECTOR, RawDisk.NO_VECTOR);
    }

    /** Reads so many sectors. */
    void read(int count) {
        try {
            for (int i = 0; i < count; i++) {
                disk.requestRead(i % TestDisk.SECTORS);
                // An interrupt may come that was another's, or this one's before.
                while (!disk.isUsed()) {
                    takeInterrupt();
                }
                if (!Arrays.equals(disk.data(), TestDisk.sector(i % TestDisk.SECTORS))) {
                    throw new AssertionError("sector " + i % TestDisk.SECTORS + " is not what it should be");
                }
                done++;
            }
        } catch (IOException | AssertionError e) {
            failure = e;
        }
    }

    private void takeInterrupt() throws IOException {
        if (!arrivals.await(Await.LIMIT.toNanos())) {
            throw new AssertionError("no interrupt came after " + done);
        }
        intx.take();
        disk.isr();
        intx.unmask();
    }

    int done() {
        return done;
    }

    Throwable failure() {
        return failure;
    }

    @Override
    public void close() {
        arrivals.close();
        function.close();
        region.close();
    }
}
