// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.transport.QueueSetup;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;
import org.virtio.transport.TransportProvider;

/**
 * A provider whose devices refuse queues of one size, at the last moment: the back end knows of the ring by then, and so it
 * must not use that memory any more once the queue is back in its old ring.
 */
final class RefusingProvider implements TransportProvider {
    static final String REASON = "refused for a test";

    private final TransportProvider real;
    private final int size;
    private int refused;

    RefusingProvider(TransportProvider real, int size) {
        this.real = real;
        this.size = size;
    }

    int refused() {
        return refused;
    }

    @Override
    public String scheme() {
        return real.scheme();
    }

    @Override
    public Transport open(DeviceAddress address, TransportListener listener) throws VirtioException {
        Transport transport = real.open(address, listener);
        return (Transport) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Transport.class},
            (self, method, arguments) -> {
                try {
                    Object result = method.invoke(transport, arguments);
                    if (method.getName().equals("setUpQueue") && ((QueueSetup) arguments[0]).size() == size) {
                        refused++;
                        throw new VirtioException(REASON);
                    }
                    return result;
                } catch (InvocationTargetException e) {
                    throw e.getCause();
                }
            });
    }
}
