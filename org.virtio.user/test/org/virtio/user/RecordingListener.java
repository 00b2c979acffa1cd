// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.virtio.transport.TransportListener;

/** Keeps what it was told, in order. */
class RecordingListener implements TransportListener {
    static final String CHANGED = "configuration changed";

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    @Override
    public void configurationChanged() {
        told.add(CHANGED);
    }

    @Override
    public void removed(String reason) {
        throw new AssertionError("vhost-user devices are never removed");
    }

    @Override
    public void failed(String reason) {
        told.add(reason);
    }

    /** What it is told next, once it is. */
    String next() throws InterruptedException {
        String next = told.poll(10, TimeUnit.SECONDS);
        assertThat(next).as("told within 10 s").isNotNull();
        return next;
    }

    boolean toldNothing() {
        return told.isEmpty();
    }
}
