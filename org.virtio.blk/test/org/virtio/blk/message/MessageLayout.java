// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.message;

/**
 * What goes over the wire, in network byte order. The first word of a connection says what it is for: the index of a queue,
 * {@link #CONTROL} or {@link #EVENTS}.
 *
 * <pre>
 *  control, request   0 operation   4 argument          8 value (64 bits)
 *           reply     0 value (64 bits)
 *  events             0 {@link #CONFIGURATION_CHANGED} (8 bits)
 *  queue,   request   0 id          4 readable bytes    8 writable bytes   12 the readable bytes
 *           answer    0 id          4 written bytes     8 the written bytes
 * </pre>
 *
 * <p>The written bytes are what the device-writable buffers of the request begin with. Ids are the driver's; answers come in
 * any order.
 */
final class MessageLayout {
    static final int CONTROL = -1;
    static final int EVENTS = -2;

    static final int GET_FEATURES = 1;
    static final int SET_FEATURES = 2;
    static final int GET_STATUS = 3;
    static final int SET_STATUS = 4;
    static final int GET_CONFIG = 5;
    static final int GET_GENERATION = 6;
    static final int GET_QUEUES = 7;
    static final int GET_QUEUE_SIZE = 8;

    static final byte CONFIGURATION_CHANGED = 1;

    static final int REQUEST_HEADER = 12;
    static final int ANSWER_HEADER = 8;

    private MessageLayout() {
    }
}
