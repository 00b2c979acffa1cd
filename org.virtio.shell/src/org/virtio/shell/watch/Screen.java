// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.nio.charset.Charset;

/** Where tables are shown. */
interface Screen extends AutoCloseable {
    /** Whether a table takes the place of the one before, so that one without figures is better than none. */
    boolean replaces();

    /** The character set in which it shows text. */
    Charset charset();

    /** Shows lines. Returns false if nobody can see them any more. */
    boolean show(String lines);

    /**
     * Waits.
     *
     * @param nanos how long, at least 0
     * @return false if the user has asked for the end meanwhile
     */
    boolean pause(long nanos) throws InterruptedException;

    @Override
    void close();
}
