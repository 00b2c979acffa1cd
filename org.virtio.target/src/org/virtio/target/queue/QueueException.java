// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

/** The driver did what no driver may do, and the queue cannot go on; the message says what. */
public final class QueueException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its reason. */
    public QueueException(String message) {
        super(message);
    }
}
