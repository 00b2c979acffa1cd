// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.fake;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;
import org.virtio.transport.TransportProvider;

/** Opens {@link FakeTransport}s. */
public final class FakeProvider implements TransportProvider {
    public final List<FakeTransport> opened = new CopyOnWriteArrayList<>();
    public volatile Supplier<FakeTransport> next = FakeTransport::new;
    /** Why devices cannot be opened. */
    public volatile String refusal;
    /** What is not there at present, or null. */
    public volatile String absence;
    /** Where opening stops until it is counted down. */
    public volatile CountDownLatch gate = new CountDownLatch(0);
    public volatile Thread opener;

    private final String scheme;

    public FakeProvider(String scheme) {
        this.scheme = scheme;
    }

    @Override
    public String scheme() {
        return scheme;
    }

    @Override
    public void check(DeviceAddress address) throws VirtioException {
        address.checkOptions(DeviceAddress.COMMON_OPTIONS);
        if (absence != null) {
            throw new VirtioException(absence);
        }
    }

    @Override
    public Transport open(DeviceAddress address, TransportListener listener) throws VirtioException {
        address.checkOptions(DeviceAddress.COMMON_OPTIONS);
        opener = Thread.currentThread();
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new VirtioException("interrupted", e);
        }
        if (refusal != null) {
            throw new VirtioException(refusal);
        }
        FakeTransport transport = next.get();
        transport.listener = listener;
        opened.add(transport);
        if (transport.failedAtOnce != null) {
            listener.configurationChanged();
            listener.failed(transport.failedAtOnce);
        }
        return transport;
    }

    /** The device that was opened last. */
    public FakeTransport last() {
        return opened.get(opened.size() - 1);
    }
}
