// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.virtio.itest.support.Qmp;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.SharedMemory;
import org.virtio.posix.UnixSocket;

/**
 * A machine in QEMU of which no processor runs: its virtio devices are QEMU's own, and this process has them for itself. It
 * reaches their registers by QEMU's server for tests, shares memory with them, and gets their interrupts. What a firmware
 * does was done when it has started: each function has addresses, and none is enabled. Thread-safe.
 */
public final class QtestMachine implements AutoCloseable {
    private static final long RAM_BYTES = 64 << 20;

    private final Resources resources;
    private final QemuProcess process;
    private final Monitor monitor;
    private final Iommu iommu;
    private final QtestAccess access;
    private final HotPlug hotPlug;

    /** How to start a machine. */
    public static final class Builder {
        private final List<String> arguments = new ArrayList<>();
        private String machine = "q35,memory-backend=ram,hpet=off,pit=off";
        private int rootPorts;
        private boolean iommu;

        private Builder() {
        }

        /** Adds options to the machine's, such as {@code kernel-irqchip=split}. */
        public Builder machine(String options) {
            machine += "," + options;
            return this;
        }

        /** Adds a block device node, as QEMU's {@code -blockdev} takes it. */
        public Builder blockdev(String node) {
            return option("-blockdev", node);
        }

        /** Adds a device, as QEMU's {@code -device} takes it; with an {@code id}, so that it can be spoken of. */
        public Builder device(String device) {
            return option("-device", device);
        }

        /** Adds a slot into which devices can be plugged while the machine runs: {@code bus=id}. */
        public Builder rootPort(String id) {
            rootPorts++;
            return device("pcie-root-port,id=" + id + ",chassis=" + rootPorts + ",slot=" + rootPorts);
        }

        /** Puts an IOMMU before all devices, each of which has to have {@code iommu_platform=on,disable-legacy=on}. */
        public Builder iommu() {
            iommu = true;
            return this;
        }

        /** Adds anything else, such as {@code -object}, {@code iothread,id=t0}. */
        public Builder option(String... words) {
            arguments.addAll(Arrays.asList(words));
            return this;
        }

        /**
         * Starts it.
         *
         * @throws IOException if it does not start, with QEMU's reason
         */
        public QtestMachine start() throws IOException {
            Resources resources = new Resources();
            try {
                return new QtestMachine(this, resources);
            } catch (IOException | RuntimeException | AssertionError e) {
                resources.close();
                throw e;
            }
        }
    }

    /** A machine without devices. */
    public static Builder builder() {
        return new Builder();
    }

    private QtestMachine(Builder builder, Resources resources) throws IOException {
        this.resources = resources;
        Path directory = resources.directory();
        SharedMemory ram = resources.add(SharedMemory.create("qtest-ram", RAM_BYTES, false));
        Doorbell doorbell = resources.add(Doorbell.listen(directory.resolve("doorbell")));
        List<String> arguments = arguments(builder, directory, ram);
        arguments.addAll(doorbell.arguments());
        arguments.addAll(builder.arguments);
        process = resources.add(QemuProcess.start(directory, arguments));
        doorbell.accept(process);
        Qmp qmp = resources.add(process.connect(directory.resolve("qmp")));
        monitor = new Monitor(qmp);
        UnixSocket socket = UnixSocket.connect(directory.resolve("qtest").toString());
        QtestSocket qtest = resources.add(new QtestSocket(socket, process));
        Ecam.enable(qtest);
        PciHierarchy hierarchy = new PciHierarchy(qtest);
        hierarchy.scan();
        open(doorbell, qtest, hierarchy);
        iommu = builder.iommu ? new Iommu(qtest, new Pages(ram.mapping())) : null;
        access = new QtestAccess(qtest, hierarchy, new GuestMemory(qtest, monitor), doorbell,
            resources.add(new InterruptLines(qtest)), iommu);
        resources.add(access::checkFailures);
        hotPlug = new HotPlug(monitor, hierarchy, access);
    }

    private static List<String> arguments(Builder builder, Path directory, SharedMemory ram) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
            "-machine", builder.machine, "-accel", "tcg", "-bios", Firmware.write(directory).toString(),
            "-m", (RAM_BYTES >> 20) + "M,slots=" + GuestMemory.MODULES + ",maxmem=" + GuestMemory.END,
            "-object", "memory-backend-file,id=ram,share=on,size=" + RAM_BYTES + ",mem-path="
                + GuestMemory.path(ram.fd().intValue()),
            "-qtest", "unix:" + directory.resolve("qtest") + ",server=on,wait=off", "-qtest-log", "/dev/null",
            "-qmp", "unix:" + directory.resolve("qmp") + ",server=on,wait=off",
            // Slots are the root ports' own business, so that their registers can be used.
            "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
            "-display", "none", "-nodefaults", "-no-user-config"));
        // Before the devices that are behind it.
        arguments.addAll(builder.iommu ? List.of("-device", "intel-iommu") : List.of());
        return arguments;
    }

    private static void open(Doorbell doorbell, QtestSocket qtest, PciHierarchy hierarchy) throws IOException {
        PciAddress address = PciAddress.parse("0000:00:" + Doorbell.ADDRESS + ".0");
        PciConfig.of(qtest, address, new Presence()).command(0, PciLayout.COMMAND_MEMORY);
        doorbell.open(qtest, hierarchy.bars(address).get(0).address());
    }

    /** The way to its functions. */
    public AccessPath access() {
        return access;
    }

    /** Where a device is: its function 0, if it has several. */
    public PciAddress address(String id) throws IOException {
        return QemuTree.find(monitor, id);
    }

    /**
     * Plugs a device into a slot, as {@link Builder#device} takes it: with {@code id}, and {@code bus}, which is a root port.
     *
     * @return where it is
     * @throws IOException if QEMU refuses it, with its reason
     */
    public PciAddress plug(String device) throws IOException {
        return hotPlug.plug(device);
    }

    /** Asks whoever has a device open to close it, and does not wait: see {@link PciFunction#removalRequest()}. */
    public void requestRemoval(String id) throws IOException {
        access.request(address(id));
    }

    /** Asks for a device in a slot back, waits until whoever has it open has closed it, and takes it out. */
    public void unplug(String id) throws IOException {
        hotPlug.unplug(id);
    }

    /** Takes a device out of its slot, whoever has it open. When this returns it is gone. */
    public void remove(String id) throws IOException {
        hotPlug.remove(id);
    }

    /**
     * Takes the address of a request that the IOMMU has refused.
     *
     * @return its page, or -1 if none was refused since the last time
     */
    public long takeFault() throws IOException {
        return Objects.requireNonNull(iommu, "this machine has no IOMMU").takeFault();
    }

    /** What QEMU itself knows of a virtio device. */
    public VirtioOracle oracle(String id) {
        return new VirtioOracle(monitor, id);
    }

    /**
     * Executes a command of QEMU's monitor.
     *
     * @return what it returns: a map, a list, a string or a number
     * @throws IOException if it fails, with QEMU's reason
     */
    public Object execute(String command, Map<String, ?> arguments) throws IOException {
        return monitor.execute(command, arguments);
    }

    /** Kills QEMU. */
    public void kill() {
        process.kill();
    }

    /** Kills QEMU, if nobody has, and frees everything. */
    @Override
    public void close() {
        resources.close();
    }
}
