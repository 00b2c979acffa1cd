// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.virtio.pci.access.FileRegisters;
import org.virtio.pci.access.MappedRegisters;
import org.virtio.pci.access.Registers;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.FileValues;
import org.virtio.posix.Mapping;
import org.virtio.posix.Posix;

/**
 * A function's registers through its files of sysfs: {@code config}, and {@code resource0} to {@code resource5}, which are
 * mapped for memory, and read and written for I/O ports. Used by one thread at a time.
 */
public final class SysfsRegisters implements AutoCloseable {
    /** As much as a buffer can have, in a power of two; what virtio devices have of greater memory is not registers. */
    private static final long LARGEST_MAPPING = 1L << 30;
    /** The part of configuration space that anyone may read. */
    private static final int PUBLIC_CONFIG = 0x40;

    private final SysfsNode node;
    private final Registers config;
    private final Map<Integer, Registers> bars = new TreeMap<>();
    private final List<Runnable> closers = new ArrayList<>();

    private SysfsRegisters(SysfsNode node, FileDescriptor file, long size) {
        this.node = node;
        this.config = new FileRegisters(file, 0, size);
        closers.add(file::close);
    }

    /** Opens configuration space. */
    public static SysfsRegisters open(SysfsNode node) throws IOException {
        Path path = node.file("config");
        FileDescriptor file = DeviceFiles.open(path, true, "the function was removed, or this is no sysfs");
        try {
            FileValues.read(file, PUBLIC_CONFIG, Byte.BYTES);
            return new SysfsRegisters(node, file, Files.size(path));
        } catch (EOFException e) {
            file.close();
            throw new IOException(path + " cannot be read beyond byte " + PUBLIC_CONFIG
                + "; run this process as root, or with the capability CAP_SYS_ADMIN", e);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** Configuration space. */
    public Registers config() {
        return config;
    }

    /** What lies behind a base address register. */
    public Registers bar(int index) throws IOException {
        Registers known = bars.get(index);
        if (known != null) {
            return known;
        }
        SysfsResource resource = node.resource(index);
        if (!resource.isIo() && !resource.isMemory()) {
            throw new IOException(node.address() + " has nothing behind base address register " + index);
        }
        Path path = node.file("resource" + index);
        FileDescriptor file = DeviceFiles.open(path, true, "the kernel gives no access to it");
        Registers opened = resource.isIo() ? ports(file, resource) : map(file, path, resource);
        bars.put(index, opened);
        return opened;
    }

    private Registers ports(FileDescriptor file, SysfsResource resource) {
        closers.add(file::close);
        return new FileRegisters(file, 0, resource.size());
    }

    private Registers map(FileDescriptor file, Path path, SysfsResource resource) throws IOException {
        try (file) {
            if (resource.start() % Posix.pageSize() != 0) {
                throw new IOException(path + " cannot be mapped: it begins at 0x" + Long.toHexString(resource.start())
                    + ", within a page; pci=resource_alignment=" + node.address() + " on the kernel's command line moves it");
            }
            MappedRegisters mapped =
                new MappedRegisters(Mapping.map(file, 0, Math.min(resource.size(), LARGEST_MAPPING), true));
            closers.add(mapped::close);
            return mapped;
        }
    }

    @Override
    public void close() {
        closers.forEach(Runnable::run);
        closers.clear();
    }
}
