// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.ProtocolFeature;
import org.virtio.user.message.RegionDescription;

/**
 * The memory that the back end may use: told region by region where it can be, or else as one table before the device
 * starts. Used by one thread at a time, apart from {@link #toStrings}.
 */
final class MemoryRegions {
    private final Connection connection;
    private final boolean slots;
    private final long max;
    private final List<Entry> entries = new CopyOnWriteArrayList<>();

    private static final class Entry {
        private final MemoryRegion region;
        private final RegionDescription description;
        /** Whether the back end has been given the region in a slot. */
        private boolean added;

        /** Guest and user address are the same: there is no guest, and the address in this process is as good as any. */
        Entry(MemoryRegion region) {
            this.region = region;
            this.description = new RegionDescription(region.address(), region.size(), region.address(), region.fileOffset());
        }
    }

    MemoryRegions(Connection connection, Session session) {
        this.connection = connection;
        this.slots = session.has(ProtocolFeature.CONFIGURE_MEM_SLOTS);
        this.max = session.memorySlots();
    }

    /**
     * Adds a region.
     *
     * @param running whether the device has started
     */
    void map(MemoryRegion region, boolean running) throws VirtioException {
        if (running && !slots) {
            throw new VirtioException("a running device can be given no more memory: its back end does not offer "
                + ProtocolFeature.CONFIGURE_MEM_SLOTS + "; give it enough when it is attached (option memory)");
        }
        if (Long.compareUnsigned(entries.size(), max) >= 0) {
            throw new VirtioException("the back end takes no more than " + Long.toUnsignedString(max)
                + " memory regions; make each of them greater (option memory)");
        }
        Entry entry = new Entry(region);
        if (running) {
            add(entry);
            connection.confirm();
        }
        entries.add(entry);
    }

    /** Takes a region away. The back end's own mapping of the file does no harm where it cannot be told. */
    void unmap(MemoryRegion region) throws VirtioException {
        for (Entry entry : entries) {
            if (entry.region == region) {
                entries.remove(entry);
                if (entry.added) {
                    connection.tell(Message.of(FrontEndRequest.REM_MEM_REG, entry.description));
                    connection.confirm();
                }
                return;
            }
        }
    }

    /** A piece of memory by its address, or null if it is not in one of the regions. */
    ByteBuffer find(long address, int length) {
        for (Entry entry : entries) {
            long offset = address - entry.region.address();
            if (offset >= 0 && offset <= entry.region.size() - length) {
                return entry.region.buffer().slice((int) offset, length);
            }
        }
        return null;
    }

    /** Makes sure that the back end knows all regions, and can use them when this returns. */
    void tell() throws VirtioException {
        if (slots) {
            for (Entry entry : entries) {
                if (!entry.added) {
                    add(entry);
                    connection.confirm();
                }
            }
        } else {
            List<RegionDescription> table = entries.stream().map(entry -> entry.description).toList();
            tell(Message.of(FrontEndRequest.SET_MEM_TABLE, table), entries);
            connection.confirm();
        }
    }

    private void add(Entry entry) throws VirtioException {
        tell(Message.of(FrontEndRequest.ADD_MEM_REG, entry.description), List.of(entry));
        entry.added = true;
    }

    /** Tells a message with the files of regions: as duplicates, since the regions give no more than their numbers. */
    private void tell(Message message, List<Entry> regions) throws VirtioException {
        List<FileDescriptor> files = new ArrayList<>();
        try {
            for (Entry entry : regions) {
                files.add(FileDescriptor.duplicate(entry.region.fd()));
            }
            connection.tell(message, files.toArray(FileDescriptor[]::new));
        } catch (PosixException e) {
            throw new VirtioException("a memory region cannot be passed to the back end: " + e.getMessage(), e);
        } finally {
            files.forEach(FileDescriptor::close);
        }
    }

    /** The regions, for people. Any thread. */
    List<String> toStrings() {
        return entries.stream()
            .map(entry -> entry.region.size() + " bytes at 0x" + Long.toHexString(entry.region.address())).toList();
    }
}
