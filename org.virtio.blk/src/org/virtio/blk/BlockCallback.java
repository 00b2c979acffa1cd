// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/** Receives the end of a request, on the thread that polls. May enter new requests; must not throw. */
@FunctionalInterface
public interface BlockCallback {
    /**
     * A request is complete.
     *
     * @param context what was given with the request
     * @param result  a constant of {@link BlockResult}
     */
    void completed(Object context, int result);
}
