// SPDX-License-Identifier: Apache-2.0
package org.virtio.memory;

/** Shared memory has run out; the message says how much was asked for, how much there is, and why it cannot grow. */
public class DmaExhaustedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public DmaExhaustedException(String message, Throwable cause) {
        super(message, cause);
    }
}
