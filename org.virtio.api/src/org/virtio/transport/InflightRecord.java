// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

/**
 * Which requests a back end had begun and not finished, noted by itself in memory that outlives it: vhost-user's "Inflight I/O
 * tracking". It belongs to who took it from a transport, and then to the transport that has adopted it.
 */
public interface InflightRecord extends AutoCloseable {
    /** Frees it. Closing again does nothing. */
    @Override
    void close();
}
