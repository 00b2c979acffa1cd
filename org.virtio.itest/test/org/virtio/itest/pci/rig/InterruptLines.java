// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.virtio.posix.Epoll;
import org.virtio.posix.EventLoop;

/**
 * The machine's interrupt lines, on which INTx interrupts come. When one is raised, the functions are asked which of them
 * wants an interrupt, on a thread that exists from the first INTx interrupt on. Which line is whose does not matter.
 *
 * <p>None is lost. A function whose interrupt arrives is masked and so does not keep its line raised. QEMU tells of each time
 * that a line is raised; one that is still raised when all were asked was raised by a function that was asked too early,
 * while another one held the line: then all are asked again.
 */
final class InterruptLines implements AutoCloseable {
    private static final String CONTROLLER = "ioapic";
    /** The first of the controller's lines that PCI has; those before are the chipset's own. */
    private static final int FIRST_LINE = 16;
    /** How often a line can be raised for an instant and be low again when its function is asked. */
    private static final int PATIENCE = 10_000;

    private final QtestSocket qtest;
    private final List<QtestIntx> enabled = new CopyOnWriteArrayList<>();
    private EventLoop loop;

    InterruptLines(QtestSocket qtest) {
        this.qtest = qtest;
    }

    /** Enables a function's INTx interrupt. */
    synchronized QtestIntx open(IntxSwitch config) throws IOException {
        if (loop == null) {
            EventLoop started = EventLoop.start("qtest intx");
            loop = started;
            qtest.onRaised(() -> started.execute(this::lookOnLoop));
            qtest.interceptInterrupts(CONTROLLER);
        }
        if (enabled.isEmpty()) {
            loop.watch(qtest.fd(), Epoll.IN, ready -> poll());
        }
        QtestIntx intx = new QtestIntx(this, config);
        enabled.add(intx);
        // It may want one already.
        look();
        return intx;
    }

    synchronized void close(QtestIntx intx) throws IOException {
        enabled.remove(intx);
        if (enabled.isEmpty()) {
            // What comes then is read with the answers to commands.
            loop.unwatch(qtest.fd());
        }
        look();
    }

    /** Asks all functions whether they want an interrupt. */
    void look() throws IOException {
        int times = 0;
        do {
            for (QtestIntx intx : enabled) {
                intx.look();
            }
            if (++times > PATIENCE) {
                throw new IOException("an interrupt line stays raised, but no open function wants an interrupt");
            }
        } while (!enabled.isEmpty() && qtest.isRaised(FIRST_LINE));
    }

    private void lookOnLoop() {
        try {
            look();
        } catch (IOException e) {
            giveUp();
        }
    }

    private void poll() {
        try {
            qtest.poll();
        } catch (IOException e) {
            giveUp();
        }
    }

    /** QEMU is gone, of which each command tells. */
    private void giveUp() {
        loop.unwatch(qtest.fd());
    }

    @Override
    public synchronized void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
