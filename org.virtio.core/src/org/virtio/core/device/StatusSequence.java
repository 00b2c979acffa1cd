// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.time.Duration;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.DeviceType;
import org.virtio.transport.Transport;

/**
 * Takes the device status field through the steps of initialisation (VIRTIO 1.3, section 3.1.1), each bit read back.
 * Not thread-safe, apart from {@link #toString}.
 */
final class StatusSequence {
    private final Transport transport;
    private final Duration resetLimit;
    /** As last read. */
    private volatile int status;

    StatusSequence(Transport transport, Duration resetLimit) {
        this.transport = transport;
        this.resetLimit = resetLimit;
    }

    /** Resets the device. */
    void reset() throws VirtioException {
        if (!tryReset()) {
            throw new VirtioException("the device did not finish its reset within " + resetLimit.toMillis()
                + " ms: its status reads " + this);
        }
    }

    /** Resets the device; it is quiet if this returns true, and had all its time if not (section 2.4). */
    boolean tryReset() throws VirtioException {
        transport.status(DeviceStatus.RESET);
        return Patience.await(() -> read() == DeviceStatus.RESET, resetLimit);
    }

    /** Sets a further bit. */
    void set(int bit) throws VirtioException {
        int wanted = status | bit;
        transport.status(wanted);
        if ((read() & (wanted | DeviceStatus.DEVICE_NEEDS_RESET)) != wanted) {
            throw new VirtioException("the device did not take status " + DeviceStatus.toString(wanted)
                + ": it reads " + this);
        }
    }

    /** Writes the driver's features and has the device accept them. */
    void agree(FeatureSet features, DeviceType type) throws VirtioException {
        transport.driverFeatures(features);
        int wanted = status | DeviceStatus.FEATURES_OK;
        transport.status(wanted);
        if ((read() & DeviceStatus.FEATURES_OK) == 0) {
            throw new VirtioException("the device does not accept the features " + features.names(type)
                + ": FEATURES_OK does not stay set");
        }
    }

    /** Tells the device that the driver has given up on it; the device's answer no longer matters. */
    void giveUp() throws VirtioException {
        transport.status(status | DeviceStatus.FAILED);
        read();
    }

    private int read() throws VirtioException {
        status = transport.status();
        return status;
    }

    /** The status as last read, by the names of its bits. */
    @Override
    public String toString() {
        return DeviceStatus.toString(status);
    }
}
