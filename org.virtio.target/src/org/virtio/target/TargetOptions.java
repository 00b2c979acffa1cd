// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import org.virtio.device.FeatureSet;

/**
 * What to serve, and where.
 *
 * @param path      of the UNIX socket
 * @param file      that holds the disk; null for a disk in RAM; {@link #NULL_DISK} for one that keeps nothing
 * @param size      bytes of the disk, a multiple of the block size; 0 for a file's own size
 * @param blockSize bytes, a power of two from 512 to 65536
 * @param queues    from 1 to 64
 * @param readOnly  whether writes are refused
 * @param id        the ID string that get id returns, up to 20 ASCII characters
 * @param withheld  features that the device does not offer, though it could; a bit that it does not have changes nothing
 * @param faults    how the device misbehaves: entries such as {@code wrong-id@100} or {@code no-reply@GET_CONFIG}, separated
 *                  by commas; null or empty for a device that does not. An unknown entry is refused with a list of the known
 * @param spinNanos nanoseconds, 0 or more, for which an idle queue looks for requests before it sleeps
 * @param uid       the user id whose processes alone may connect, root's not excepted, from 0 to {@link #MAX_UID}; or
 *                  {@link #ANY_UID} for whoever the socket's file lets
 */
public record TargetOptions(String path, String file, long size, int blockSize, int queues, boolean readOnly, String id,
                            FeatureSet withheld, String faults, long spinNanos, long uid) {
    /**
     * The {@code file} of a disk that costs nothing, for measuring: writes go nowhere, and reads leave the driver's buffer as
     * it is.
     */
    public static final String NULL_DISK = "null:";
    /** The {@link #uid} of a target that requires none. */
    public static final long ANY_UID = -1;
    /** The greatest user id of Linux, which has 32 bits, and keeps all ones for none. */
    public static final long MAX_UID = 0xffff_fffeL;
    /** The default of {@link #spinNanos}. */
    public static final long DEFAULT_SPIN_NANOS = 50_000;

    /** A target that behaves, with all its features and the default spin time, and requires no user id. */
    public TargetOptions(String path, String file, long size, int blockSize, int queues, boolean readOnly, String id) {
        this(path, file, size, blockSize, queues, readOnly, id, FeatureSet.NONE, null, DEFAULT_SPIN_NANOS, ANY_UID);
    }

    /** A writable RAM disk with blocks of 512 bytes and one queue. */
    public static TargetOptions ram(String path, long size) {
        return new TargetOptions(path, null, size, 512, 1, false, "virtio-ram");
    }

    /** The same with other faults. */
    public TargetOptions withFaults(String newFaults) {
        return new TargetOptions(path, file, size, blockSize, queues, readOnly, id, withheld, newFaults, spinNanos, uid);
    }

    /** The same with other features withheld. */
    public TargetOptions withoutFeatures(FeatureSet newWithheld) {
        return new TargetOptions(path, file, size, blockSize, queues, readOnly, id, newWithheld, faults, spinNanos, uid);
    }

    /** The same with another spin time. */
    public TargetOptions withSpinNanos(long newSpinNanos) {
        return new TargetOptions(path, file, size, blockSize, queues, readOnly, id, withheld, faults, newSpinNanos, uid);
    }

    /** The same with another number of queues. */
    public TargetOptions withQueues(int newQueues) {
        return new TargetOptions(path, file, size, blockSize, newQueues, readOnly, id, withheld, faults, spinNanos, uid);
    }

    /** The same for processes of that user id alone. */
    public TargetOptions withUid(long newUid) {
        return new TargetOptions(path, file, size, blockSize, queues, readOnly, id, withheld, faults, spinNanos, newUid);
    }
}
