// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import java.io.IOException;
import org.virtio.posix.FileDescriptor;

/**
 * A function's INTx interrupt. It is level-triggered: when it arrives it is masked, until what raised it has been read and
 * it is unmasked. Used by one thread at a time.
 */
public interface Intx {
    /** Readable when the interrupt has arrived; it stays the function's. */
    FileDescriptor fd();

    /** Takes what has arrived, so that {@link #fd()} is not readable any more. */
    void take() throws IOException;

    /** Lets the next interrupt through; one that is still raised arrives at once. */
    void unmask() throws IOException;
}
