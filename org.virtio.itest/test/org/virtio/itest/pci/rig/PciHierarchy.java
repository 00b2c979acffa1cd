// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.Registers;

/**
 * The buses of the machine: numbers them, and gives each function addresses, as a firmware does. Behind each bridge there is
 * room for what is plugged in later. Its changes are made by one thread at a time; others may look.
 */
final class PciHierarchy {
    private static final int DEVICES = 32;
    private static final int FUNCTIONS = 8;
    private static final int BARS = 6;
    private static final int BRIDGE_BARS = 2;
    private static final long MIB = 1 << 20;

    /** Between the configuration spaces and the interrupt controllers. */
    private static final long MEMORY_START = 0xc000_0000L;
    private static final long MEMORY_END = 0xfe00_0000L;
    /** Room for 8 MiB of notification addresses, which is what {@code page-per-vq=on} takes. */
    private static final long BRIDGE_MEMORY = 16 * MIB;
    private static final long NESTED_BRIDGE_MEMORY = 4 * MIB;
    /** Ports below are the chipset's. */
    private static final long PORTS_START = 0xc000;
    private static final long PORTS_END = 0x1_0000;
    private static final long BRIDGE_PORTS_START = 0x1000;
    private static final long BRIDGE_PORTS = 0x1000;
    private static final int WINDOW_CLOSED = 0xfff0;

    private final QtestSocket qtest;
    private final Map<PciAddress, List<Bar>> functions = new ConcurrentSkipListMap<>();
    /** By secondary bus number. */
    private final Map<Integer, Bridge> bridges = new TreeMap<>();
    private final Window rootMemory = new Window("bytes of the machine's memory space", MEMORY_START, MEMORY_END);
    private final Window rootPorts = new Window("ports", PORTS_START, PORTS_END);
    private final Window bridgePorts = new Window("ports for bridges", BRIDGE_PORTS_START, PORTS_START);
    private int lastBus;

    /** A bridge, and the addresses that it passes on. */
    record Bridge(PciConfig config, int bus, Window memory, Window ports) {
    }

    PciHierarchy(QtestSocket qtest) {
        this.qtest = qtest;
    }

    /** Finds all functions. */
    void scan() throws IOException {
        scan(0, rootMemory, rootPorts);
    }

    /** Finds what was plugged in behind a bridge. */
    void rescan(Bridge bridge) throws IOException {
        bridge.memory().reset();
        bridge.ports().reset();
        scan(bridge.bus(), bridge.memory(), bridge.ports());
    }

    /** Forgets a function. */
    void forget(PciAddress address) {
        functions.remove(address);
    }

    /** What lies behind the base address registers of a function, or null if there is no such function. */
    List<Bar> bars(PciAddress address) {
        return functions.get(address);
    }

    /** The addresses of all functions. */
    List<PciAddress> functions() {
        return List.copyOf(functions.keySet());
    }

    /** The bridge to a bus. */
    Bridge bridge(int bus) {
        Bridge bridge = bridges.get(bus);
        if (bridge == null) {
            throw new IllegalArgumentException("there is no bridge to a bus " + bus);
        }
        return bridge;
    }

    /** The bridge at an address. */
    Bridge bridge(PciAddress address) {
        return bridges.values().stream().filter(bridge -> bridge.config().address().equals(address)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException(address + " is no bridge"));
    }

    private void scan(int bus, Window memory, Window ports) throws IOException {
        for (int device = 0; device < DEVICES; device++) {
            int count = 1;
            for (int function = 0; function < count; function++) {
                PciConfig config = PciConfig.of(qtest, new PciAddress(0, bus, device, function), new Presence());
                if (config.isPresent()) {
                    count = config.isMultifunction() ? FUNCTIONS : count;
                    add(config, memory, ports);
                }
            }
        }
    }

    private void add(PciConfig config, Window memory, Window ports) throws IOException {
        boolean isBridge = config.isBridge();
        functions.put(config.address(), Bar.assign(config.registers(), isBridge ? BRIDGE_BARS : BARS, memory, ports));
        if (isBridge) {
            openBridge(config, memory);
        }
    }

    private void openBridge(PciConfig config, Window memory) throws IOException {
        int primary = config.address().bus();
        boolean atRoot = primary == 0;
        int bus = ++lastBus;
        Bridge bridge = new Bridge(config, bus, memory.part(atRoot ? BRIDGE_MEMORY : NESTED_BRIDGE_MEMORY),
            atRoot ? bridgePorts.part(BRIDGE_PORTS) : new Window("ports behind a bridge behind a bridge", 0, 0));
        bridges.put(bus, bridge);
        Registers registers = config.registers();
        registers.write8(PciLayout.BUS_NUMBERS, primary);
        registers.write8(PciLayout.BUS_NUMBERS + 1, bus);
        registers.write8(PciLayout.BUS_NUMBERS + 2, 0xff);
        writeWindows(registers, bridge);
        config.command(0, PciLayout.COMMAND_ALL);
        scan(bus, bridge.memory(), bridge.ports());
        registers.write8(PciLayout.BUS_NUMBERS + 2, lastBus);
    }

    private static void writeWindows(Registers registers, Bridge bridge) throws IOException {
        Window memory = bridge.memory();
        registers.write16(PciLayout.MEMORY_WINDOW, (int) (memory.start() >>> Short.SIZE));
        registers.write16(PciLayout.MEMORY_WINDOW + 2, (int) (memory.last() >>> Short.SIZE & WINDOW_CLOSED));
        registers.write16(PciLayout.PREFETCHABLE_WINDOW, WINDOW_CLOSED);
        registers.write16(PciLayout.PREFETCHABLE_WINDOW + 2, 0);
        Window ports = bridge.ports();
        registers.write8(PciLayout.IO_WINDOW, ports.isEmpty() ? 0xf0 : (int) (ports.start() >>> Byte.SIZE));
        registers.write8(PciLayout.IO_WINDOW + 1, ports.isEmpty() ? 0 : (int) (ports.last() >>> Byte.SIZE) & 0xf0);
    }
}
