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
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_ENABLE;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_MSIX_VECTOR;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_NOTIFY_OFF;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_NOTIF_CONFIG_DATA;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_RESET;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_SELECT;
import static org.virtio.spec.PciCommonConfigLayout.QUEUE_SIZE;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.virtio.pci.access.Registers;
import org.virtio.spec.PciCapabilityLayout;
import org.virtio.spec.PciCommonConfigLayout;

/**
 * A block device's registers behind one base address register of a {@link FakeFunction}. It writes down what it is told, checks
 * that each field is accessed in its own width, and misbehaves as its fields say.
 */
final class FakeDevice implements Registers {
    static final int ISR = 0x100;
    static final int NOTIFICATION = 0x200;
    static final int CONFIGURATION = 0x300;
    static final int SIZE = 0x400;

    final FakeFunction function = new FakeFunction();
    /** What was written, in order: {@code offset=value} of common configuration, {@code notify offset=value}. */
    final List<String> writes = new ArrayList<>();
    final long[] offered = {0};
    final int[] accepted = new int[4];
    int queues = 3;
    int queueSize = 256;
    int notifyOffset = 1;
    int resetReads;
    volatile int isr;
    Runnable duringIsr = () -> { };
    /** What vectors read as that are written, or -1 for what was written. */
    int vector = -1;
    /** Whether a queue takes no other size. */
    boolean sizeIsFixed;
    boolean allOnes;
    /** Why nothing can be reached any more. */
    volatile String broken;
    /** Whether accesses end as HotSpot ends those to what is mapped no more. */
    volatile boolean lost;
    volatile int status;
    private final int[] enabled = new int[16];
    private final int[] sizes = new int[16];
    private final int[] vectors = new int[16];
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private int selected;
    private int configVector = PciCommonConfigLayout.NO_VECTOR;
    private int resetsLeft;
    private final MemoryRegisters configuration = new MemoryRegisters(SIZE - CONFIGURATION);

    /** With a common configuration structure of that many bytes. */
    FakeDevice(int commonLength) {
        function.structure(0x40, PciCapabilityLayout.TYPE_COMMON, 4, 0, commonLength)
            .structure(0x50, PciCapabilityLayout.TYPE_ISR, 4, ISR, 1)
            .structure(0x60, PciCapabilityLayout.TYPE_DEVICE, 4, CONFIGURATION, 0x40)
            .structure(0x70, PciCapabilityLayout.TYPE_NOTIFY, 4, NOTIFICATION, 0x20);
        function.bars.put(4, this);
        configuration.bytes.putLong(0, 0x1122_3344_5566_7788L);
    }

    @Override
    public long size() {
        return SIZE;
    }

    private void check() throws IOException {
        if (broken != null) {
            throw new IOException(broken);
        }
        if (lost) {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
        }
    }

    @Override
    public int read8(long offset) throws IOException {
        check();
        if (allOnes) {
            return 0xff;
        }
        if (offset >= CONFIGURATION) {
            return configuration.read8(offset - CONFIGURATION);
        }
        return switch ((int) offset) {
            case DEVICE_STATUS -> status;
            case CONFIG_GENERATION -> 5;
            case ISR -> takeIsr();
            default -> throw wrong(offset, 8);
        };
    }

    private int takeIsr() {
        duringIsr.run();
        int taken = isr;
        isr = 0;
        return taken;
    }

    @Override
    public int read16(long offset) throws IOException {
        check();
        if (allOnes) {
            return 0xffff;
        }
        if (offset >= CONFIGURATION) {
            return configuration.read16(offset - CONFIGURATION);
        }
        return switch ((int) offset) {
            case NUM_QUEUES -> queues;
            case CONFIG_MSIX_VECTOR -> configVector;
            case QUEUE_SIZE -> selected >= queues ? 0 : sizes[selected] == 0 ? queueSize : sizes[selected];
            case QUEUE_MSIX_VECTOR -> vectors[selected];
            case QUEUE_ENABLE -> enabled[selected];
            case QUEUE_NOTIFY_OFF -> notifyOffset * selected;
            case QUEUE_NOTIF_CONFIG_DATA -> 0x700 + selected;
            case QUEUE_RESET -> resetting();
            default -> throw wrong(offset, 16);
        };
    }

    private int resetting() {
        if (resetsLeft > 0) {
            resetsLeft--;
            return 1;
        }
        enabled[selected] = 0;
        sizes[selected] = 0;
        return 0;
    }

    @Override
    public int read32(long offset) throws IOException {
        check();
        if (allOnes) {
            return -1;
        }
        if (offset >= CONFIGURATION) {
            return configuration.read32(offset - CONFIGURATION);
        }
        if (offset == DEVICE_FEATURE) {
            return deviceFeatureSelect / 2 < offered.length
                ? (int) (offered[deviceFeatureSelect / 2] >>> 32 * (deviceFeatureSelect % 2)) : 0;
        }
        throw wrong(offset, 32);
    }

    @Override
    public void write8(long offset, int value) throws IOException {
        check();
        if (offset >= CONFIGURATION) {
            configuration.write8(offset - CONFIGURATION, value);
        } else if (offset == DEVICE_STATUS) {
            status = value;
            if (value == 0) {
                Arrays.fill(enabled, 0);
                Arrays.fill(sizes, 0);
            }
        } else {
            throw wrong(offset, 8);
        }
        writes.add(offset + "=" + value);
    }

    @Override
    public void write16(long offset, int value) throws IOException {
        check();
        writes.add(offset >= NOTIFICATION && offset < CONFIGURATION ? "notify " + (offset - NOTIFICATION) + "=" + value
            : offset + "=" + value);
        switch ((int) offset) {
            case QUEUE_SELECT -> selected = value;
            case QUEUE_SIZE -> sizes[selected] = sizeIsFixed ? queueSize : value;
            case CONFIG_MSIX_VECTOR -> configVector = vector < 0 ? value : vector;
            case QUEUE_MSIX_VECTOR -> vectors[selected] = vector < 0 ? value : vector;
            case QUEUE_ENABLE -> enabled[selected] = value;
            case QUEUE_RESET -> resetsLeft = resetReads;
            default -> {
                if (offset < NOTIFICATION || offset >= CONFIGURATION + 0x40) {
                    throw wrong(offset, 16);
                }
                if (offset >= CONFIGURATION) {
                    configuration.write16(offset - CONFIGURATION, value);
                }
            }
        }
    }

    @Override
    public void write32(long offset, int value) throws IOException {
        check();
        writes.add(offset >= NOTIFICATION && offset < CONFIGURATION
            ? "notify " + (offset - NOTIFICATION) + "=0x" + Integer.toHexString(value) : offset + "=" + value);
        switch ((int) offset) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
            case DRIVER_FEATURE -> accepted[driverFeatureSelect] = value;
            default -> {
                if (offset >= CONFIGURATION) {
                    configuration.write32(offset - CONFIGURATION, value);
                } else if (offset < PciCommonConfigLayout.QUEUE_DESC) {
                    throw wrong(offset, 32);
                }
            }
        }
    }

    private static IllegalArgumentException wrong(long offset, int width) {
        return new IllegalArgumentException(width + " bits at offset " + offset);
    }
}
