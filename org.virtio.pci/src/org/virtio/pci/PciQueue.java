// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import java.util.function.Consumer;
import org.virtio.pci.access.MappedRegisters;
import org.virtio.pci.access.Registers;
import org.virtio.transport.QueueNotifier;

/** A queue as it was set up, with its notifications in both directions (VIRTIO 1.3, sections 4.1.5.2 and 4.1.5.3). */
final class PciQueue implements QueueNotifier, AutoCloseable {
    private static final int INDEX_MASK = 0xffff;

    private final int index;
    private final Registers address;
    private final Form form;
    private final UsedWait used;
    private final Consumer<IOException> broken;
    private volatile boolean closed;

    /**
     * What a notification of the driver's looks like.
     *
     * @param withData whether NOTIFICATION_DATA was negotiated, so that it has 32 bits
     * @param name     by which the device knows the queue: its index, or with NOTIF_CONFIG_DATA what the device says
     */
    record Form(boolean withData, int name) {
    }

    /**
     * Creates it.
     *
     * @param address the Queue Notify address, with as many bytes as a notification has
     * @param broken  told when the device cannot be notified
     */
    PciQueue(int index, Registers address, Form form, UsedWait used, Consumer<IOException> broken) {
        this.index = index;
        this.address = address;
        this.form = form;
        this.used = used;
        this.broken = broken;
    }

    int index() {
        return index;
    }

    @Override
    public void notifyDevice(int data) {
        if (closed) {
            return;
        }
        used.workGiven();
        try {
            if (form.withData()) {
                address.write32(0, data & ~INDEX_MASK | form.name());
            } else {
                address.write16(0, form.name());
            }
        } catch (IOException e) {
            broken.accept(e);
        } catch (InternalError e) {
            broken.accept(MappedRegisters.lost(e));
        }
    }

    @Override
    public boolean await(long timeoutNanos) {
        return used.await(timeoutNanos);
    }

    @Override
    public boolean awaitWakeup(long timeoutNanos) {
        return used.awaitWakeup(timeoutNanos);
    }

    @Override
    public void wakeup() {
        used.wakeup();
    }

    @Override
    public void close() {
        closed = true;
        used.close();
    }
}
