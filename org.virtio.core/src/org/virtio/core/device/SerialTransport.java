// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.Map;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.spec.DeviceType;
import org.virtio.transport.InflightRecord;
import org.virtio.transport.OwnedVirtqueue;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;
import org.virtio.transport.RegionLimits;
import org.virtio.transport.Transport;

/**
 * A transport that lets in one caller at a time, as its contract demands, and nobody once it is closed, until the device is
 * reached by another: configuration, memory and life cycle are asked for by different threads.
 */
final class SerialTransport implements Transport {
    private final DeviceType type;
    /** Null while there is none: nothing of a transport whose bundle has gone may be held. */
    private volatile Transport transport;
    private boolean quiet = true;

    SerialTransport(Transport transport) {
        this.transport = transport;
        this.type = transport.deviceType();
    }

    /** From now on the device is reached by another transport; after {@link #close}. */
    synchronized void connect(Transport next) {
        transport = next;
    }

    @Override
    public DeviceType deviceType() {
        return type;
    }

    @Override
    public synchronized int status() throws VirtioException {
        return open().status();
    }

    @Override
    public synchronized void status(int status) throws VirtioException {
        open().status(status);
    }

    @Override
    public synchronized FeatureSet deviceFeatures() throws VirtioException {
        return open().deviceFeatures();
    }

    @Override
    public synchronized void driverFeatures(FeatureSet features) throws VirtioException {
        open().driverFeatures(features);
    }

    @Override
    public synchronized int maxQueues() throws VirtioException {
        return open().maxQueues();
    }

    @Override
    public synchronized int queueSize(int index) throws VirtioException {
        return open().queueSize(index);
    }

    @Override
    public synchronized RegionLimits regionLimits() {
        return transport == null ? RegionLimits.NONE : transport.regionLimits();
    }

    @Override
    public synchronized long map(MemoryRegion region) throws VirtioException {
        return open().map(region);
    }

    @Override
    public synchronized void unmap(MemoryRegion region) throws VirtioException {
        open().unmap(region);
    }

    @Override
    public synchronized QueueNotifier setUpQueue(QueueSetup queue) throws VirtioException {
        return open().setUpQueue(queue);
    }

    @Override
    public synchronized OwnedVirtqueue supplyQueue(int index, int size) throws VirtioException {
        return open().supplyQueue(index, size);
    }

    @Override
    public synchronized void resetQueue(int index) throws VirtioException {
        open().resetQueue(index);
    }

    @Override
    public synchronized byte[] readConfig(int offset, int length) throws VirtioException {
        return open().readConfig(offset, length);
    }

    @Override
    public synchronized void writeConfig(int offset, byte[] value) throws VirtioException {
        open().writeConfig(offset, value);
    }

    @Override
    public synchronized int configGeneration() throws VirtioException {
        return open().configGeneration();
    }

    @Override
    public Map<String, Object> details() {
        Transport present = transport;
        return present == null ? Map.of() : present.details();
    }

    @Override
    public synchronized InflightRecord takeInflight() {
        return transport == null ? null : transport.takeInflight();
    }

    @Override
    public synchronized boolean adoptInflight(InflightRecord record) {
        return transport != null && transport.adoptInflight(record);
    }

    /** Of the last transport that was closed. */
    @Override
    public synchronized boolean isQuiet() {
        return quiet;
    }

    @Override
    public synchronized void close() {
        if (transport != null) {
            transport.close();
            quiet = transport.isQuiet();
            transport = null;
        }
    }

    private Transport open() throws VirtioException {
        if (transport == null) {
            throw new VirtioException("the device is closed or suspended");
        }
        return transport;
    }
}
