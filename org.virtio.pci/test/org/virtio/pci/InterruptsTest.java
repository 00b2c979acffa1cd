// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.virtio.device.FeatureSet;
import org.virtio.pci.access.Intx;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.spec.Feature;
import org.virtio.spec.PciIsr;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.Transport;

/** How interrupts of a function are shared out, and what becomes of one that arrives at the end. */
class InterruptsTest extends TransportFixture {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    /** The device has three queues. */
    @ParameterizedTest
    @CsvSource({"8, 8, 4", "8, 4, 4", "8, 3, 2", "8, 2, 2", "3, 3, 2", "1, 1, 1"})
    void vectorsAreAsManyAsTheHostDelivers(int vectors, int deliverable, int enabled) throws Exception {
        device.function.vectors = vectors;
        device.function.deliverable = deliverable;
        try (Transport transport = negotiated(FeatureSet.of(Feature.VERSION_1))) {
            assertThat(device.function.signals).hasSize(enabled);
            assertThat(transport.details().get("interrupts").toString()).startsWith("MSI-X, " + enabled + " vector");
            QueueNotifier first = transport.setUpQueue(setup(0));
            QueueNotifier last = transport.setUpQueue(setup(2));
            assertThat(device.writes).contains("26=" + Math.min(1, enabled - 1)).contains("26=" + Math.min(3, enabled - 1));
            device.function.signals.get(Math.min(3, enabled - 1)).signal();
            assertThat(last.await(MINUTE)).isTrue();
            device.function.signals.get(Math.min(1, enabled - 1)).signal();
            assertThat(first.await(MINUTE)).isTrue();
        }
    }

    @Test
    void aLineThatArrivesWhileItIsClosedStaysMasked() throws Exception {
        EventFd signal = EventFd.create();
        device.function.intx = new Intx() {
            @Override
            public FileDescriptor fd() {
                return signal.fd();
            }

            @Override
            public void take() {
                signal.drain();
                device.function.calls.add("take");
            }

            @Override
            public void unmask() {
                device.function.calls.add("unmask");
            }
        };
        Transport transport = open("");
        assertThat(transport.details()).containsEntry("interrupts", "INTx");
        device.isr = PciIsr.CONFIGURATION;
        signal.signal();
        assertThat(listener.next()).isEqualTo("configuration changed");
        CompletableFuture<Void> closed = new CompletableFuture<>();
        device.duringIsr = () -> {
            transport.close();
            closed.complete(null);
        };
        device.function.calls.clear();
        signal.signal();
        closed.get(20, TimeUnit.SECONDS);
        provider.deactivate();
        signal.close();
        assertThat(device.function.calls).containsExactly("take", "disableInterrupts", "close");
    }
}
