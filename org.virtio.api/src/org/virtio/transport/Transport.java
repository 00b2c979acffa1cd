// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

import java.util.Map;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.spec.DeviceType;

/**
 * One open device, as its transport reaches it. Called by the core only, from one thread at a time, in the order of the
 * specification's initialisation sequence (VIRTIO 1.3, section 3.1.1).
 *
 * <p>Methods that ask the device may block up to the transport's reply timeout. A device that does not answer, or answers
 * nonsense, makes them throw, and the transport fails: {@link TransportListener#failed} is called, all later calls throw.
 */
public interface Transport extends AutoCloseable {
    /** The device type. */
    DeviceType deviceType();

    /** The device status field (section 2.1), as the device has it. */
    int status() throws VirtioException;

    /**
     * Writes the device status field; 0 starts a reset, which is complete when {@link #status()} is 0. When DRIVER_OK is
     * set the queues that were set up start to work.
     */
    void status(int status) throws VirtioException;

    /** The features that the device offers, without bits that are the transport's own business. */
    FeatureSet deviceFeatures() throws VirtioException;

    /** Writes the features that the driver accepts: a subset of {@link #deviceFeatures()}. */
    void driverFeatures(FeatureSet features) throws VirtioException;

    /** How many queues the device has. */
    int maxQueues() throws VirtioException;

    /** The greatest size that a queue can have, as the device or the configuration says it, unchecked. */
    int queueSize(int index) throws VirtioException;

    /** What regions {@link #map} takes; asked once, before the first. */
    default RegionLimits regionLimits() {
        return RegionLimits.NONE;
    }

    /**
     * Makes memory visible to the device. Before DRIVER_OK always possible; afterwards if the transport can.
     *
     * @return the address by which the device knows the region's first byte
     * @throws VirtioException if the device can be given no further region; the message says why
     */
    long map(MemoryRegion region) throws VirtioException;

    /** Takes memory away from the device; not while the device runs. */
    void unmap(MemoryRegion region) throws VirtioException;

    /**
     * Sets up a ring: between FEATURES_OK and DRIVER_OK, or after {@link #resetQueue}, and then it works when this returns.
     *
     * @return its notifications; valid until the queue or the device is reset
     */
    QueueNotifier setUpQueue(QueueSetup queue) throws VirtioException;

    /**
     * Supplies a virtqueue that is no ring in memory, such as one that sends each request in a message: where
     * {@link #setUpQueue} would be called otherwise, and instead of it.
     *
     * @param size the number of descriptors that the queue should have
     * @return the queue, or null if the core is to make a ring: then {@code setUpQueue} follows. What the queue holds is the
     *     transport's to free when the device is reset (status 0) or the transport closed
     */
    default OwnedVirtqueue supplyQueue(int index, int size) throws VirtioException {
        return null;
    }

    /**
     * Resets one queue of a running device (section 2.6.1), if RING_RESET was negotiated. When this returns the device uses
     * neither the queue's ring nor its buffers.
     *
     * @throws VirtioException if it cannot; then the queue's state is not known
     */
    default void resetQueue(int index) throws VirtioException {
        throw new VirtioException("this transport cannot reset a single queue");
    }

    /**
     * Reads from the configuration space.
     *
     * @throws VirtioException also if the device has no such field
     */
    byte[] readConfig(int offset, int length) throws VirtioException;

    /** Writes to the configuration space. */
    void writeConfig(int offset, byte[] value) throws VirtioException;

    /** Counts changes of the configuration space; transports without such a counter count what they are told. */
    int configGeneration() throws VirtioException;

    /** What to tell of the transport in a dump, in the order to print: strings, numbers, booleans, lists. Any thread. */
    Map<String, Object> details();

    /**
     * Takes from a transport that has failed what a back end needs which comes in place of the one that is gone, in order to go
     * on in the rings as they are. It is the caller's then.
     *
     * @return null if there is no such thing, or the device was reset since: then it goes on in empty rings
     */
    default InflightRecord takeInflight() {
        return null;
    }

    /**
     * Has the device go on in the rings as they are. Called after {@link #driverFeatures}, when memory is mapped; the queues
     * that are set up afterwards are those that the back end of the record had, with the same memory and what is in it.
     *
     * @return false if that is not possible, so that the queues begin empty, and the record stays the caller's
     */
    default boolean adoptInflight(InflightRecord record) {
        return false;
    }

    /**
     * Whether the device, once the transport is closed, touches none of the memory that it was told of: because it was reset, has
     * gone, or is cut off. If not, the core never gives that memory to anybody else.
     */
    default boolean isQuiet() {
        return true;
    }

    /**
     * Disconnects from the device and frees what the transport holds. The device has been reset before, if it could be.
     * The memory that was mapped is freed afterwards, also that of a device that had failed: cut it off.
     * Closing again does nothing. Throws nothing.
     */
    @Override
    void close();
}
