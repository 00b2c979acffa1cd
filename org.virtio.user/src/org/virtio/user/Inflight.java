// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import org.virtio.device.VirtioException;
import org.virtio.posix.FileDescriptor;
import org.virtio.transport.InflightRecord;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.InflightDescription;
import org.virtio.user.message.Message;

/**
 * Memory in which a back end notes what is in flight, and in which its successor finds it (section "Inflight I/O tracking"). It
 * is the back ends' alone: here it is kept and handed on, and not even mapped, since who made it could cut it.
 */
final class Inflight implements InflightRecord {
    private final InflightDescription description;
    private final FileDescriptor file;

    private Inflight(InflightDescription description, FileDescriptor file) {
        this.description = description;
        this.file = file;
    }

    /** Has a back end make empty memory for its first queues. */
    static Inflight create(Connection connection, int queues, int queueSize) throws VirtioException {
        Message reply = connection.ask(
            Message.of(FrontEndRequest.GET_INFLIGHT_FD, new InflightDescription(0, 0, queues, queueSize)));
        Inflight inflight = new Inflight(reply.inflight(), reply.takeFd(0));
        InflightDescription got = inflight.description;
        if (got.mmapSize() == 0 || got.numQueues() != queues || got.queueSize() != queueSize) {
            inflight.close();
            throw connection.fail("the back end broke the protocol: the reply to GET_INFLIGHT_FD is about "
                + Long.toUnsignedString(got.mmapSize()) + " bytes for " + got.numQueues() + " queues of " + got.queueSize()
                + "; expected some for " + queues + " of " + queueSize);
        }
        return inflight;
    }

    /** Has a back end use it: in queues that start from now on it goes on with what is noted there. */
    void tell(Connection connection) throws VirtioException {
        connection.tell(Message.of(FrontEndRequest.SET_INFLIGHT_FD, description), file);
    }

    @Override
    public void close() {
        file.close();
    }
}
