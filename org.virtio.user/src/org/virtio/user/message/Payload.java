// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import java.nio.ByteBuffer;

/** Kinds of payload (section "Payload"), each with the sizes that it can have. */
public enum Payload {
    /** No payload. */
    NONE(0),
    /** No payload, but a file descriptor that is all the message is about. */
    FD_ONLY(0),
    /** {@link U64Layout}. */
    U64(U64Layout.SIZE),
    /** {@link VringStateLayout}. */
    VRING_STATE(VringStateLayout.SIZE),
    /** {@link VringAddressLayout}. */
    VRING_ADDRESS(VringAddressLayout.SIZE),
    /** {@link MemoryTableLayout}; its size depends on its number of regions. */
    MEMORY_TABLE(MemoryTableLayout.size(0), MemoryTableLayout.size(MemoryTableLayout.MAX_REGIONS)),
    /** {@link MemoryRegionLayout}, a single region. */
    MEMORY_REGION(MemoryRegionLayout.SINGLE_SIZE),
    /** {@code struct vhost_iotlb_msg}: three u64, two u8, and the padding that C gives it. */
    IOTLB(32),
    /** {@link DeviceConfigLayout}; its size depends on its number of contents. */
    DEVICE_CONFIG(DeviceConfigLayout.CONTENTS, Message.MAX_PAYLOAD),
    /** {@link DeviceConfigLayout}, or nothing, by which a back end says that it has not what it was asked for. */
    DEVICE_CONFIG_OR_NONE(0, Message.MAX_PAYLOAD),
    /** Three u64 (section "Vring area description"). */
    VRING_AREA(24),
    /** {@link InflightDescriptionLayout}, with or without the padding that C gives it. */
    INFLIGHT(InflightDescriptionLayout.MIN_SIZE, InflightDescriptionLayout.SIZE),
    /** A description of a crypto session, which the document does not lay out. */
    CRYPTO_SESSION(0, Message.MAX_PAYLOAD);

    private final int min;
    private final int max;

    Payload(int size) {
        this(size, size);
    }

    Payload(int min, int max) {
        this.min = min;
        this.max = max;
    }

    /**
     * Checks that a payload is one of this kind.
     *
     * @param what names the message, to begin the exception's message with
     */
    void check(String what, ByteBuffer payload) throws ProtocolException {
        int size = payload.limit();
        if (size < min || size > max) {
            throw wrongSize(what, size, min == max ? Integer.toString(min) : min + " to " + max);
        }
        if (this == MEMORY_TABLE) {
            checkTable(what, payload);
        } else if (this == DEVICE_CONFIG || this == DEVICE_CONFIG_OR_NONE && size != 0) {
            checkConfig(what, payload);
        }
    }

    private static void checkTable(String what, ByteBuffer payload) throws ProtocolException {
        long regions = Integer.toUnsignedLong(payload.getInt(MemoryTableLayout.NUM_REGIONS));
        if (regions > MemoryTableLayout.MAX_REGIONS) {
            throw new ProtocolException(
                what + " has " + regions + " regions; expected at most " + MemoryTableLayout.MAX_REGIONS);
        }
        int expected = MemoryTableLayout.size((int) regions);
        if (payload.limit() != expected) {
            throw wrongSize(what, payload.limit(), expected + " for " + regions + " regions");
        }
    }

    private static void checkConfig(String what, ByteBuffer payload) throws ProtocolException {
        if (payload.limit() < DeviceConfigLayout.CONTENTS) {
            throw wrongSize(what, payload.limit(), "none or at least " + DeviceConfigLayout.CONTENTS);
        }
        long contents = Integer.toUnsignedLong(payload.getInt(DeviceConfigLayout.CONTENTS_SIZE));
        if (payload.limit() != DeviceConfigLayout.CONTENTS + contents) {
            throw wrongSize(what, payload.limit(),
                DeviceConfigLayout.CONTENTS + contents + " for " + contents + " bytes of configuration");
        }
    }

    private static ProtocolException wrongSize(String what, int size, String expected) {
        return new ProtocolException(what + " has " + size + " bytes of payload; expected " + expected);
    }
}
