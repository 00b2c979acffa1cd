// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.virtio.transport.TransportListener;

/** Keeps what it was told, in order. */
final class RecordingListener implements TransportListener {
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    @Override
    public void configurationChanged() {
        told.add("configuration changed");
    }

    @Override
    public void removed(String reason) {
        told.add("removed: " + reason);
    }

    @Override
    public void failed(String reason) {
        told.add("failed: " + reason);
    }

    /** What it is told next, once it is. */
    String next() throws InterruptedException {
        String next = told.poll(20, TimeUnit.SECONDS);
        assertThat(next).as("told within 20 s").isNotNull();
        return next;
    }
}
