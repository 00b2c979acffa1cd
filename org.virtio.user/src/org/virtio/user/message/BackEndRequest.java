// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/** The requests of the back end, over the socket that the front end gave it (section "Back-end message types"). */
public enum BackEndRequest implements Request {
    /** A translation is missing, or an access failed. */
    IOTLB_MSG(1, Payload.IOTLB, PassedFds.NONE),
    /** The configuration space has changed; with {@link ProtocolFeature#CONFIG}. */
    CONFIG_CHANGE_MSG(2, Payload.NONE, PassedFds.NONE),
    /** Gives memory by which a queue's device is notified; with {@link ProtocolFeature#HOST_NOTIFIER}. */
    VRING_HOST_NOTIFIER_MSG(3, Payload.VRING_AREA, PassedFds.ONE_UNLESS_INVALID),
    /** A buffer was used; with {@link ProtocolFeature#INBAND_NOTIFICATIONS}. */
    VRING_CALL(4, Payload.VRING_STATE, PassedFds.NONE),
    /** A queue has an error; with {@link ProtocolFeature#INBAND_NOTIFICATIONS}. */
    VRING_ERR(5, Payload.VRING_STATE, PassedFds.NONE);

    private final int id;
    private final Payload payload;
    private final PassedFds fds;

    BackEndRequest(int id, Payload payload, PassedFds fds) {
        this.id = id;
        this.payload = payload;
        this.fds = fds;
    }

    /** The request with a number, or null if none is known by it. */
    public static BackEndRequest find(int id) {
        for (BackEndRequest request : values()) {
            if (request.id == id) {
                return request;
            }
        }
        return null;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public Payload payload() {
        return payload;
    }

    @Override
    public Payload reply() {
        return Payload.NONE;
    }

    @Override
    public PassedFds fds() {
        return fds;
    }
}
