// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The device configuration space (VIRTIO 1.3, section 2.5). Fields are little-endian; offsets are in bytes from its start.
 * Thread-safe. Every method asks the device and may block as long as the transport's reply timeout.
 *
 * <p>All methods throw {@link VirtioException} when the device does not answer, answers nonsense, or has no field there.
 */
@ProviderType
public interface ConfigSpace {
    /** An unsigned byte. */
    int readU8(int offset) throws VirtioException;

    /** A le16, unsigned. */
    int readU16(int offset) throws VirtioException;

    /** A le32, unsigned. */
    long readU32(int offset) throws VirtioException;

    /** A le64; not atomic on every transport, use {@link #readConsistently}. */
    long readU64(int offset) throws VirtioException;

    /** {@code length} bytes. */
    byte[] read(int offset, int length) throws VirtioException;

    /** Writes an unsigned byte. */
    void writeU8(int offset, int value) throws VirtioException;

    /** Writes a le16. */
    void writeU16(int offset, int value) throws VirtioException;

    /** Writes a le32. */
    void writeU32(int offset, long value) throws VirtioException;

    /** Writes a le64. */
    void writeU64(int offset, long value) throws VirtioException;

    /** Counts changes that the device made, modulo 256 on some transports (section 2.5.1). */
    int generation() throws VirtioException;

    /**
     * Reads several fields as of one generation: repeats {@code reader} until the generation did not change meanwhile.
     *
     * @throws VirtioException also if the generation does not come to rest within 16 tries
     */
    <T> T readConsistently(Reader<T> reader) throws VirtioException;

    /** Reads several fields. */
    @FunctionalInterface
    interface Reader<T> {
        /** Reads fields; may be called again when the configuration changes meanwhile. */
        T read(ConfigSpace config) throws VirtioException;
    }
}
