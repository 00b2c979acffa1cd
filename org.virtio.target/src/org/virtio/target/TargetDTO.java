// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import java.util.List;
import org.osgi.dto.DTO;

/** A snapshot of one target. */
public class TargetDTO extends DTO {
    /** The path of its UNIX socket. */
    public String path;
    /** {@code ram}, {@code null:}, or the path of the file. */
    public String disk;
    /** Bytes on the disk. */
    public long size;
    /** Bytes in a block. */
    public int blockSize;
    /** Queues that it offers. */
    public int queues;
    /** Whether it refuses writes. */
    public boolean readOnly;
    /** The names of the features that it was told not to offer, in ascending order of the bits. */
    public List<String> withheld;
    /** The user id whose processes alone may connect; {@link TargetOptions#ANY_UID} if any may that the socket's mode lets. */
    public long uid;
    /** Front ends that are connected. */
    public int connections;
    /** {@code split} or {@code packed}: the format of the front end's queues; null if none is connected. */
    public String ring;
    /** Whether a front end is connected that keeps, for the next back end, the memory that records what is in flight. */
    public boolean inflight;
    /** Requests that it has completed. */
    public long requests;
}
