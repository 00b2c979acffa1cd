// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/** The numbers by which a PCI function is known as a virtio device (VIRTIO 1.3, section 4.1.2). */
public final class PciDeviceId {
    /** The PCI vendor ID of every virtio device. */
    public static final int VENDOR = 0x1af4;
    /** The first PCI device ID of transitional devices, whose type is in the subsystem device ID. */
    public static final int FIRST_TRANSITIONAL = 0x1000;
    /** To this the virtio device ID is added for the PCI device ID of devices that are not transitional. */
    public static final int FIRST_MODERN = 0x1040;
    /** The last PCI device ID of virtio devices. */
    public static final int LAST = 0x107f;

    private PciDeviceId() {
    }

    /** Whether these two 16-bit IDs are a virtio device's. */
    public static boolean isVirtio(int vendor, int device) {
        return vendor == VENDOR && device >= FIRST_TRANSITIONAL && device <= LAST;
    }

    /** Whether a virtio device with that PCI device ID is transitional, and may be a legacy one. */
    public static boolean isTransitional(int device) {
        return device < FIRST_MODERN;
    }

    /**
     * The type of a virtio device.
     *
     * @param device          PCI device ID, for which {@link #isVirtio} holds
     * @param subsystemDevice PCI subsystem device ID, which tells the type of a transitional device
     * @throws IllegalArgumentException if the specification assigns no type to the ID
     */
    public static DeviceType type(int device, int subsystemDevice) {
        return DeviceType.of(isTransitional(device) ? subsystemDevice : device - FIRST_MODERN);
    }
}
