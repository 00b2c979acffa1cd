// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.EventFd;
import org.virtio.transport.RegionLimits;

/**
 * An open PCI function: its registers, the memory that it can reach, and its interrupts. It is not reset when it is opened.
 *
 * <p>Used by one thread at a time, apart from {@link Registers}, which are thread-safe. What fails throws IOException with
 * the reason.
 */
public interface PciFunction extends AutoCloseable {
    /** Its configuration space: 256 or 4096 bytes. */
    Registers config();

    /**
     * What lies behind a base address register: opened at the first call, the same from then on, valid until {@link #close()}.
     * The memory or I/O space of the function has to be enabled in its command register before they are accessed.
     *
     * @param index 0 to 5
     * @throws IOException if the function has nothing there, or the path cannot reach it
     */
    Registers bar(int index) throws IOException;

    /** Whether a base address register maps I/O space; false also if it maps nothing. */
    boolean isIoBar(int index) throws IOException;

    /**
     * Makes memory visible to the function. Memory that is visible may be made so while others are in use.
     *
     * @return the address by which the function knows the region's first byte
     */
    long map(MemoryRegion region) throws IOException;

    /** Takes memory away from the function, which must not use it any more. Does nothing if it is not mapped. */
    void unmap(MemoryRegion region) throws IOException;

    /**
     * Whether an IOMMU translates the addresses that {@link #map} returns, so that they mean nothing to a device that goes
     * around it; otherwise they are physical ones.
     */
    boolean isTranslated();

    /** What memory can be mapped. */
    RegionLimits regionLimits();

    /** How many MSI-X vectors the path can deliver: 0 if it knows none, or the function has none. */
    int vectors();

    /**
     * Enables MSI-X. INTx must not be enabled.
     *
     * @param signals one for each vector, from 0 on: no more than {@link #vectors()}; they stay the caller's, and must stay open
     *     until {@link #disableInterrupts()}
     */
    void enableVectors(List<EventFd> signals) throws IOException;

    /** Whether the path can deliver INTx interrupts, and the function has such. */
    boolean hasIntx();

    /** Enables INTx, unmasked. MSI-X must not be enabled. Valid until {@link #disableInterrupts()}. */
    Intx enableIntx() throws IOException;

    /** Disables what was enabled; does nothing if nothing was. */
    void disableInterrupts() throws IOException;

    /**
     * Signalled when the host asks for the function back, as before an orderly removal: it is to be closed soon, because the
     * host may wait for that. Null if the path is never asked. It stays the function's.
     */
    EventFd removalRequest();

    /** What to tell of the path in a dump, in the order to print: strings, numbers, booleans, lists. Any thread. */
    Map<String, Object> details();

    /** Whether the function, once closed, is certain not to write to memory any more. */
    default boolean isQuiet() {
        return true;
    }

    /**
     * Cuts the function off from memory where that is possible, takes all memory away from it, and frees what the path holds.
     * Closing again does nothing. Throws nothing.
     */
    @Override
    void close();
}
