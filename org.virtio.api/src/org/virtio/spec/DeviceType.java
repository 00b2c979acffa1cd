// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/** Device types by their device ID (VIRTIO 1.3, section 5). */
public enum DeviceType {
    NETWORK(1, "net"),
    BLOCK(2, "blk"),
    CONSOLE(3, "console"),
    ENTROPY(4, "rng"),
    TRADITIONAL_MEMORY_BALLOON(5, "balloon"),
    IO_MEMORY(6, "iomem"),
    RPMSG(7, "rpmsg"),
    SCSI_HOST(8, "scsi"),
    TRANSPORT_9P(9, "9p"),
    MAC80211_WLAN(10, "mac80211-wlan"),
    RPROC_SERIAL(11, "rproc-serial"),
    CAIF(12, "caif"),
    MEMORY_BALLOON(13, "memory-balloon"),
    GPU(16, "gpu"),
    RTC(17, "rtc"),
    INPUT(18, "input"),
    SOCKET(19, "vsock"),
    CRYPTO(20, "crypto"),
    SIGNAL_DISTRIBUTION(21, "signal-distribution"),
    PSTORE(22, "pstore"),
    IOMMU(23, "iommu"),
    MEMORY(24, "mem"),
    SOUND(25, "sound"),
    FILE_SYSTEM(26, "fs"),
    PMEM(27, "pmem"),
    RPMB(28, "rpmb"),
    MAC80211_HWSIM(29, "mac80211-hwsim"),
    VIDEO_ENCODER(30, "video-encoder"),
    VIDEO_DECODER(31, "video-decoder"),
    SCMI(32, "scmi"),
    NITRO_SECURE_MODULE(33, "nitro-secure-module"),
    I2C(34, "i2c"),
    WATCHDOG(35, "watchdog"),
    CAN(36, "can"),
    PARAMETER_SERVER(38, "parameter-server"),
    AUDIO_POLICY(39, "audio-policy"),
    BLUETOOTH(40, "bluetooth"),
    GPIO(41, "gpio"),
    RDMA(42, "rdma"),
    CAMERA(43, "camera"),
    ISM(44, "ism"),
    SPI(45, "spi");

    private final int id;
    private final String shortName;

    DeviceType(int id, String shortName) {
        this.id = id;
        this.shortName = shortName;
    }

    /** The device ID, 1 to 63. */
    public int id() {
        return id;
    }

    /** The short name that people type and filters match, such as {@code blk} or {@code net}. */
    public String shortName() {
        return shortName;
    }

    /**
     * The type with this device ID.
     *
     * @throws IllegalArgumentException if the specification assigns no type to the ID
     */
    public static DeviceType of(int id) {
        for (DeviceType type : values()) {
            if (type.id == id) {
                return type;
            }
        }
        throw new IllegalArgumentException("device ID " + id + " is not assigned to a device type");
    }

    /**
     * The type with this {@link #shortName()}.
     *
     * @throws IllegalArgumentException if no type has that name
     */
    public static DeviceType of(String shortName) {
        for (DeviceType type : values()) {
            if (type.shortName.equals(shortName)) {
                return type;
            }
        }
        throw new IllegalArgumentException("'" + shortName + "' is no device type; expected a name such as blk, net or scsi");
    }
}
