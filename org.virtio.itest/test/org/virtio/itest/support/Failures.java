// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

/** Says in which case something failed. */
public final class Failures {
    private Failures() {
    }

    /**
     * The failure with its case in front. Not as a cause: of a chain, reports from a container show the last link alone.
     *
     * @param context in which case
     */
    public static AssertionError in(String context, Throwable failure) {
        AssertionError error = new AssertionError(context + ": " + failure);
        error.setStackTrace(failure.getStackTrace());
        return error;
    }
}
