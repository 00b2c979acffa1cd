// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.transport.TransportProvider;

/**
 * The transport providers that are there, and who is using them to open a device just now. Thread-safe; its lock is held
 * for look-ups alone, never while a provider is called.
 */
final class ProviderDirectory {
    /** In the order in which they came; of two for one scheme the first is used. */
    private final List<Entry> entries = new ArrayList<>();
    private final List<TransportProvider> leases = new ArrayList<>();
    private boolean closed;

    private record Entry(String scheme, TransportProvider provider) {
    }

    void add(TransportProvider provider) {
        Entry entry = new Entry(provider.scheme(), provider);
        synchronized (this) {
            entries.add(entry);
        }
    }

    /**
     * Removes a provider, then waits until nobody uses it.
     *
     * @return whether nobody does; false if that took longer than the limit
     */
    synchronized boolean remove(TransportProvider provider, Duration limit) {
        entries.removeIf(entry -> entry.provider() == provider);
        return awaitIdle(provider, limit);
    }

    /** From now on no provider is leased; waits until none is. */
    synchronized boolean close(Duration limit) {
        closed = true;
        return awaitIdle(null, limit);
    }

    /** Waits until a provider, or with null any, is not leased. */
    private boolean awaitIdle(TransportProvider provider, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (isLeased(provider)) {
            long millis = (end - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                return false;
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    private boolean isLeased(TransportProvider provider) {
        return leases.stream().anyMatch(leased -> provider == null || leased == provider);
    }

    /**
     * A provider to open a device with; give it back with {@link #release}.
     *
     * @throws VirtioException if there is none; the message lists the schemes for which there is
     */
    synchronized TransportProvider lease(String scheme) throws VirtioException {
        if (closed) {
            throw new VirtioException("the device registry is stopped");
        }
        for (Entry entry : entries) {
            if (entry.scheme().equals(scheme)) {
                leases.add(entry.provider());
                return entry.provider();
            }
        }
        throw new VirtioException("no transport for '" + scheme + "' is there; there are " + schemes());
    }

    /**
     * Has a provider look at an address.
     *
     * @throws IllegalArgumentException as {@link TransportProvider#check} does
     * @throws VirtioException          as that does, and if there is none
     */
    void check(DeviceAddress address) throws VirtioException {
        TransportProvider provider = lease(address.scheme());
        try {
            provider.check(address);
        } finally {
            release(provider);
        }
    }

    synchronized void release(TransportProvider provider) {
        for (int i = 0; i < leases.size(); i++) {
            if (leases.get(i) == provider) {
                leases.remove(i);
                notifyAll();
                return;
            }
        }
    }

    /** Whether a device that was opened with this provider may be kept. */
    synchronized boolean isThere(TransportProvider provider) {
        return !closed && entries.stream().anyMatch(entry -> entry.provider() == provider);
    }

    /** The schemes, sorted. */
    synchronized List<String> schemes() {
        return entries.stream().map(Entry::scheme).distinct().sorted().toList();
    }
}
