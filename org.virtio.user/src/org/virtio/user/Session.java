// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.spec.Feature;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.MemoryTableLayout;
import org.virtio.user.message.Message;
import org.virtio.user.message.ProtocolFeature;

/**
 * What both sides agreed on when the connection was made.
 *
 * @param features         that the device offers, with those that are the protocol's own business
 * @param protocolFeatures in force, as bits of {@link ProtocolFeature}
 * @param queues           that the back end has, unsigned; -1, without limit, if it cannot tell
 * @param memorySlots      memory regions that the back end can be given, unsigned
 */
record Session(FeatureSet features, long protocolFeatures, long queues, long memorySlots) {
    /**
     * What a driver is not told of. Two are the protocol's own. With ACCESS_PLATFORM the back end asks for translations, in
     * messages that are not spoken here. An eventfd carries no data with a notification. And what concerns PCI functions
     * and their administration has no meaning here.
     */
    private static final FeatureSet HIDDEN = FeatureSet.of(Feature.VHOST_USER_PROTOCOL_FEATURES, Feature.VHOST_LOG_ALL,
        Feature.ACCESS_PLATFORM, Feature.NOTIFICATION_DATA, Feature.NOTIF_CONFIG_DATA, Feature.SR_IOV, Feature.ADMIN_VQ);
    private static final FeatureSet EARLY =
        FeatureSet.of(Feature.VHOST_USER_PROTOCOL_FEATURES, Feature.VERSION_1);
    private static final long WANTED = ProtocolFeature.mask(ProtocolFeature.MQ, ProtocolFeature.REPLY_ACK,
        ProtocolFeature.BACKEND_REQ, ProtocolFeature.CONFIG, ProtocolFeature.CONFIGURE_MEM_SLOTS, ProtocolFeature.STATUS,
        ProtocolFeature.INFLIGHT_SHMFD);

    /** Begins a session: the first messages on a new connection. */
    static Session begin(Connection connection) throws VirtioException {
        connection.tell(Message.of(FrontEndRequest.SET_OWNER));
        FeatureSet features = FeatureSet.ofWords(connection.askU64(FrontEndRequest.GET_FEATURES));
        long agreed = features.contains(Feature.VHOST_USER_PROTOCOL_FEATURES) ? agree(connection, features) : 0;
        long queues = ProtocolFeature.MQ.in(agreed) ? connection.askU64(FrontEndRequest.GET_QUEUE_NUM) : -1;
        long slots = ProtocolFeature.CONFIGURE_MEM_SLOTS.in(agreed)
            ? connection.askU64(FrontEndRequest.GET_MAX_MEM_SLOTS) : MemoryTableLayout.MAX_REGIONS;
        return new Session(features, agreed, queues, slots);
    }

    /**
     * Some back ends handle protocol features only once their feature bit is acknowledged, though the document says that
     * they need not be asked; others take no set of features without VERSION_1. So these two are set ahead of the rest.
     */
    private static long agree(Connection connection, FeatureSet features) throws VirtioException {
        connection.tell(Message.of(FrontEndRequest.SET_FEATURES, features.and(EARLY).word(0)));
        long agreed = connection.askU64(FrontEndRequest.GET_PROTOCOL_FEATURES) & WANTED;
        connection.tell(Message.of(FrontEndRequest.SET_PROTOCOL_FEATURES, agreed));
        if (ProtocolFeature.REPLY_ACK.in(agreed)) {
            connection.acknowledgeAll();
        }
        return agreed;
    }

    /** Whether a protocol feature is in force. */
    boolean has(ProtocolFeature feature) {
        return feature.in(protocolFeatures);
    }

    /** Whether queues begin disabled and have to be enabled. */
    boolean enablesQueues() {
        return features.contains(Feature.VHOST_USER_PROTOCOL_FEATURES);
    }

    /**
     * The features that a driver may choose from. RING_RESET is always one: it is the front end that resets a queue, with
     * messages that every back end knows, since all queues are stopped and started with them.
     */
    FeatureSet deviceFeatures() {
        return features.minus(HIDDEN).with(Feature.RING_RESET);
    }

    /**
     * What is to be set so that a driver's choice is in force, and the protocol's own features stay so. A back end that did
     * not offer RING_RESET is not told of it: some refuse bits that they did not offer.
     */
    long accepted(FeatureSet driverFeatures) {
        FeatureSet known = driverFeatures.and(features);
        return (enablesQueues() ? known.with(Feature.VHOST_USER_PROTOCOL_FEATURES) : known).word(0);
    }
}
