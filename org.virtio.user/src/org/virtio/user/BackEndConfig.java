// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.util.Arrays;
import org.virtio.device.VirtioException;
import org.virtio.user.message.DeviceConfig;
import org.virtio.user.message.DeviceConfigLayout;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.ProtocolFeature;

/** The device's configuration space, as far as the protocol reaches it. */
final class BackEndConfig {
    private final Connection connection;
    private final boolean there;

    BackEndConfig(Connection connection, Session session) {
        this.connection = connection;
        this.there = session.has(ProtocolFeature.CONFIG);
    }

    /** Asks from offset 0, since some back ends ignore the offset; and for no more, since some have no more. */
    byte[] read(int offset, int length) throws VirtioException {
        check(offset, length);
        byte[] wanted = new byte[offset + length];
        byte[] contents = connection.ask(Message.of(FrontEndRequest.GET_CONFIG,
            new DeviceConfig(0, DeviceConfigLayout.FLAG_WRITABLE, wanted))).deviceConfig().contents();
        if (contents.length == 0) {
            throw new VirtioException("the back end has no configuration at offset " + offset + ", length " + length);
        }
        if (contents.length != wanted.length) {
            throw connection.fail("the back end broke the protocol: the reply to GET_CONFIG has " + contents.length
                + " bytes of configuration; expected " + wanted.length);
        }
        return Arrays.copyOfRange(contents, offset, offset + length);
    }

    void write(int offset, byte[] value) throws VirtioException {
        check(offset, value.length);
        connection.tell(Message.of(FrontEndRequest.SET_CONFIG,
            new DeviceConfig(offset, DeviceConfigLayout.FLAG_WRITABLE, value)));
        connection.confirm();
    }

    private void check(int offset, int length) throws VirtioException {
        if (!there) {
            throw new VirtioException("the back end has no configuration space: it does not offer " + ProtocolFeature.CONFIG);
        }
        if (offset < 0 || length < 1 || offset > DeviceConfigLayout.MAX_CONTENTS - length) {
            throw new VirtioException("configuration at offset " + offset + ", length " + length + " is not within the first "
                + DeviceConfigLayout.MAX_CONTENTS + " bytes, which are all that vhost-user can reach");
        }
    }
}
