// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.message;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;
import org.virtio.transport.TransportProvider;

/**
 * Opens devices behind a socket, at {@code message:host:port}: an example of a transport without shared memory, whose
 * queues are no rings but send each request as a message.
 */
public final class MessageProvider implements TransportProvider {
    @Override
    public String scheme() {
        return "message";
    }

    @Override
    public Transport open(DeviceAddress address, TransportListener listener) throws VirtioException {
        address.checkOptions(DeviceAddress.COMMON_OPTIONS);
        String location = address.location();
        int colon = location.lastIndexOf(':');
        try {
            int port = Integer.parseInt(location.substring(colon + 1));
            return new MessageTransport(new InetSocketAddress(location.substring(0, colon), port), listener);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("'" + location + "' is not host:port", e);
        } catch (IOException e) {
            throw new VirtioException("no back end at " + location + ": " + e.getMessage(), e);
        }
    }
}
