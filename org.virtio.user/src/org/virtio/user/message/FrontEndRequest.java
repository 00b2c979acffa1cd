// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/** The requests of the front end (section "Front-end message types"). */
public enum FrontEndRequest implements Request {
    /** Asks for the features that the device offers. */
    GET_FEATURES(1, Payload.NONE, Payload.U64, PassedFds.NONE),
    /** Sets the features that the driver accepts. */
    SET_FEATURES(2, Payload.U64, Payload.NONE, PassedFds.NONE),
    /** Begins a session. */
    SET_OWNER(3, Payload.NONE, Payload.NONE, PassedFds.NONE),
    /** Deprecated; back ends ignore it or disable all rings. */
    RESET_OWNER(4, Payload.NONE, Payload.NONE, PassedFds.NONE),
    /** Sets all memory regions. */
    SET_MEM_TABLE(5, Payload.MEMORY_TABLE, Payload.NONE, PassedFds.PER_REGION),
    /** Sets the memory of the dirty page log; with {@link ProtocolFeature#LOG_SHMFD} it has another form, not known here. */
    SET_LOG_BASE(6, Payload.U64, Payload.NONE, PassedFds.NONE),
    /** Sets an eventfd that tells of changes of the dirty page log. */
    SET_LOG_FD(7, Payload.NONE, Payload.NONE, PassedFds.ONE),
    /** Sets the number of a queue's descriptors. */
    SET_VRING_NUM(8, Payload.VRING_STATE, Payload.NONE, PassedFds.NONE),
    /** Sets the addresses of a queue's parts. */
    SET_VRING_ADDR(9, Payload.VRING_ADDRESS, Payload.NONE, PassedFds.NONE),
    /** Sets the available index at which the back end starts. */
    SET_VRING_BASE(10, Payload.VRING_STATE, Payload.NONE, PassedFds.NONE),
    /** Stops a queue, and asks for the available index at which it stopped. */
    GET_VRING_BASE(11, Payload.VRING_STATE, Payload.VRING_STATE, PassedFds.NONE),
    /** Sets the eventfd by which the device is notified of available buffers. */
    SET_VRING_KICK(12, Payload.U64, Payload.NONE, PassedFds.ONE_UNLESS_INVALID),
    /** Sets the eventfd by which the driver is notified of used buffers. */
    SET_VRING_CALL(13, Payload.U64, Payload.NONE, PassedFds.ONE_UNLESS_INVALID),
    /** Sets the eventfd by which the back end tells of an error of a queue. */
    SET_VRING_ERR(14, Payload.U64, Payload.NONE, PassedFds.ONE_UNLESS_INVALID),
    /** Asks for the protocol features that the back end offers. */
    GET_PROTOCOL_FEATURES(15, Payload.NONE, Payload.U64, PassedFds.NONE),
    /** Sets the protocol features in force. */
    SET_PROTOCOL_FEATURES(16, Payload.U64, Payload.NONE, PassedFds.NONE),
    /** Asks for the number of queues; with {@link ProtocolFeature#MQ}. */
    GET_QUEUE_NUM(17, Payload.NONE, Payload.U64, PassedFds.NONE),
    /** Enables or disables a queue; if protocol features were negotiated. */
    SET_VRING_ENABLE(18, Payload.VRING_STATE, Payload.NONE, PassedFds.NONE),
    /** Asks for a fake RARP; with {@link ProtocolFeature#RARP}. */
    SEND_RARP(19, Payload.U64, Payload.NONE, PassedFds.NONE),
    /** Sets the MTU; with {@link ProtocolFeature#MTU}. */
    NET_SET_MTU(20, Payload.U64, Payload.NONE, PassedFds.NONE),
    /** Gives the back end a socket for its own requests; with {@link ProtocolFeature#BACKEND_REQ}. */
    SET_BACKEND_REQ_FD(21, Payload.NONE, Payload.NONE, PassedFds.ONE),
    /** Updates or invalidates a translation. */
    IOTLB_MSG(22, Payload.IOTLB, Payload.U64, PassedFds.NONE),
    /** Sets the byte order of a legacy queue; with {@link ProtocolFeature#CROSS_ENDIAN}. */
    SET_VRING_ENDIAN(23, Payload.VRING_STATE, Payload.NONE, PassedFds.NONE),
    /** Reads from the configuration space; with {@link ProtocolFeature#CONFIG}. */
    GET_CONFIG(24, Payload.DEVICE_CONFIG, Payload.DEVICE_CONFIG_OR_NONE, PassedFds.NONE),
    /** Writes to the configuration space; with {@link ProtocolFeature#CONFIG}. */
    SET_CONFIG(25, Payload.DEVICE_CONFIG, Payload.NONE, PassedFds.NONE),
    /** Begins a crypto session; with {@link ProtocolFeature#CRYPTO_SESSION}. */
    CREATE_CRYPTO_SESSION(26, Payload.CRYPTO_SESSION, Payload.CRYPTO_SESSION, PassedFds.NONE),
    /** Ends a crypto session; with {@link ProtocolFeature#CRYPTO_SESSION}. */
    CLOSE_CRYPTO_SESSION(27, Payload.U64, Payload.NONE, PassedFds.NONE),
    /** Announces a migration by postcopy; the reply passes a userfaultfd. With {@link ProtocolFeature#PAGEFAULT}. */
    POSTCOPY_ADVISE(28, Payload.NONE, Payload.FD_ONLY, PassedFds.NONE),
    /** The migration has gone over to postcopy; with {@link ProtocolFeature#PAGEFAULT}. */
    POSTCOPY_LISTEN(29, Payload.NONE, Payload.NONE, PassedFds.NONE),
    /** The migration by postcopy is over; with {@link ProtocolFeature#PAGEFAULT}. */
    POSTCOPY_END(30, Payload.NONE, Payload.U64, PassedFds.NONE),
    /** Asks for the memory that records requests in flight; with {@link ProtocolFeature#INFLIGHT_SHMFD}. */
    GET_INFLIGHT_FD(31, Payload.INFLIGHT, Payload.INFLIGHT, PassedFds.NONE),
    /** Gives that memory back to a back end; with {@link ProtocolFeature#INFLIGHT_SHMFD}. */
    SET_INFLIGHT_FD(32, Payload.INFLIGHT, Payload.NONE, PassedFds.ONE),
    /** Sets the socket of the GPU protocol. */
    GPU_SET_SOCKET(33, Payload.NONE, Payload.NONE, PassedFds.ONE),
    /** Disables all queues and resets the device; with {@link ProtocolFeature#RESET_DEVICE}. */
    RESET_DEVICE(34, Payload.NONE, Payload.NONE, PassedFds.NONE),
    /** Notifies of available buffers; with {@link ProtocolFeature#INBAND_NOTIFICATIONS}. */
    VRING_KICK(35, Payload.VRING_STATE, Payload.NONE, PassedFds.NONE),
    /** Asks how many memory regions there can be; with {@link ProtocolFeature#CONFIGURE_MEM_SLOTS}. */
    GET_MAX_MEM_SLOTS(36, Payload.NONE, Payload.U64, PassedFds.NONE),
    /** Adds a memory region; with {@link ProtocolFeature#CONFIGURE_MEM_SLOTS}. */
    ADD_MEM_REG(37, Payload.MEMORY_REGION, Payload.NONE, PassedFds.ONE),
    /** Removes a memory region; with {@link ProtocolFeature#CONFIGURE_MEM_SLOTS}. */
    REM_MEM_REG(38, Payload.MEMORY_REGION, Payload.NONE, PassedFds.TOLERATED),
    /** Writes the device status field; with {@link ProtocolFeature#STATUS}. */
    SET_STATUS(39, Payload.U64, Payload.NONE, PassedFds.NONE),
    /** Reads the device status field; with {@link ProtocolFeature#STATUS}. */
    GET_STATUS(40, Payload.NONE, Payload.U64, PassedFds.NONE);

    private final int id;
    private final Payload payload;
    private final Payload reply;
    private final PassedFds fds;

    FrontEndRequest(int id, Payload payload, Payload reply, PassedFds fds) {
        this.id = id;
        this.payload = payload;
        this.reply = reply;
        this.fds = fds;
    }

    /** The request with a number, or null if none is known by it. */
    public static FrontEndRequest find(int id) {
        return id >= 1 && id <= values().length ? values()[id - 1] : null;
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
        return reply;
    }

    @Override
    public PassedFds fds() {
        return fds;
    }
}
