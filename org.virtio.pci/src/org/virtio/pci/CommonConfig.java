// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.virtio.spec.PciCommonConfigLayout.CONFIG_GENERATION;
import static org.virtio.spec.PciCommonConfigLayout.CONFIG_MSIX_VECTOR;
import static org.virtio.spec.PciCommonConfigLayout.DEVICE_FEATURE;
import static org.virtio.spec.PciCommonConfigLayout.DEVICE_FEATURE_SELECT;
import static org.virtio.spec.PciCommonConfigLayout.DEVICE_STATUS;
import static org.virtio.spec.PciCommonConfigLayout.DRIVER_FEATURE;
import static org.virtio.spec.PciCommonConfigLayout.DRIVER_FEATURE_SELECT;
import static org.virtio.spec.PciCommonConfigLayout.NUM_QUEUES;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_DESC;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_DEVICE;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_DRIVER;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_ENABLE;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_MSIX_VECTOR;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_NOTIFY_OFF;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_NOTIF_CONFIG_DATA;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_RESET;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_SELECT;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_SIZE;

import java.io.IOException;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.Registers;
import org.virtio.transport.QueueSetup;

/** The common configuration structure (VIRTIO 1.3, section 4.1.4.3). Used by one thread at a time. */
final class CommonConfig {
    /** 128 bits: all that the specification has given a meaning or set aside for device types. */
    private static final int FEATURE_WORDS = 4;

    private final Registers registers;

    CommonConfig(Registers registers) {
        this.registers = registers;
    }

    int status() throws IOException {
        return registers.read8(DEVICE_STATUS);
    }

    void status(int value) throws IOException {
        registers.write8(DEVICE_STATUS, value);
    }

    int generation() throws IOException {
        return registers.read8(CONFIG_GENERATION);
    }

    int queues() throws IOException {
        return registers.read16(NUM_QUEUES);
    }

    FeatureSet deviceFeatures() throws IOException {
        long[] words = new long[FEATURE_WORDS / 2];
        for (int i = 0; i < FEATURE_WORDS; i++) {
            registers.write32(DEVICE_FEATURE_SELECT, i);
            words[i / 2] |= Integer.toUnsignedLong(registers.read32(DEVICE_FEATURE)) << Integer.SIZE * (i % 2);
        }
        return FeatureSet.ofWords(words);
    }

    void driverFeatures(FeatureSet features) throws IOException {
        for (int i = 0; i < FEATURE_WORDS; i++) {
            int word = (int) (features.word(i / 2) >>> Integer.SIZE * (i % 2));
            // Of the words beyond the first two a device may know nothing; it is told 0 by a reset.
            if (i < 2 || word != 0) {
                registers.write32(DRIVER_FEATURE_SELECT, i);
                registers.write32(DRIVER_FEATURE, word);
            }
        }
    }

    /** Whether the structure has a le16 at that offset. */
    boolean has(int offset) {
        return registers.size() >= offset + Short.BYTES;
    }

    void configurationVector(int vector) throws IOException {
        registers.write16(CONFIG_MSIX_VECTOR, vector);
        checkVector(CONFIG_MSIX_VECTOR, vector, "configuration changes");
    }

    /** The greatest size of a queue before it is set up, afterwards the size that it has; 0 if there is no such queue. */
    int queueSize(int index) throws IOException {
        select(index);
        return registers.read16(QUEUE_SIZE);
    }

    /** Tells all there is to a queue but that it is enabled. */
    void setUp(QueueSetup queue, int vector) throws IOException {
        select(queue.index());
        if (registers.read16(QUEUE_ENABLE) != 0) {
            throw new VirtioException("queue " + queue.index() + " is enabled before it was set up; it was not reset");
        }
        registers.write16(QUEUE_SIZE, queue.size());
        int size = registers.read16(QUEUE_SIZE);
        if (size != queue.size()) {
            throw new VirtioException("queue " + queue.index() + " does not take size " + queue.size() + ": it reads " + size);
        }
        registers.write16(QUEUE_MSIX_VECTOR, vector);
        checkVector(QUEUE_MSIX_VECTOR, vector, "queue " + queue.index());
        write64(QUEUE_DESC, queue.descriptorArea());
        write64(QUEUE_DRIVER, queue.driverArea());
        write64(QUEUE_DEVICE, queue.deviceArea());
    }

    void enable(int index) throws IOException {
        select(index);
        registers.write16(QUEUE_ENABLE, 1);
    }

    int notifyOffset(int index) throws IOException {
        select(index);
        return registers.read16(QUEUE_NOTIFY_OFF);
    }

    int notifyName(int index) throws IOException {
        select(index);
        return registers.read16(QUEUE_NOTIF_CONFIG_DATA);
    }

    void startReset(int index) throws IOException {
        select(index);
        registers.write16(QUEUE_RESET, 1);
    }

    /** Whether the reset of a queue is complete (section 4.1.4.3.2). */
    boolean isReset(int index) throws IOException {
        select(index);
        return registers.read16(QUEUE_RESET) == 0 && registers.read16(QUEUE_ENABLE) == 0;
    }

    private void select(int index) throws IOException {
        registers.write16(QUEUE_SELECT, index);
    }

    private void write64(int offset, long value) throws IOException {
        registers.write32(offset, (int) value);
        registers.write32(offset + Integer.BYTES, (int) (value >>> Integer.SIZE));
    }

    /** A device that has no resources for a vector does not take it (section 4.1.5.1.2). */
    private void checkVector(int offset, int vector, String what) throws IOException {
        int taken = registers.read16(offset);
        if (taken != vector) {
            throw new VirtioException("the device does not take MSI-X vector " + vector + " for " + what + ": it reads 0x"
                + Integer.toHexString(taken));
        }
    }
}
