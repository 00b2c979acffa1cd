// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import org.virtio.pci.access.PciAddress;

/**
 * The IOMMU of the machine: Intel's, of which chapters 9 (tables) and 10 (registers) of the specification of Virtualization
 * Technology for Directed I/O tell. It translates the addresses of requests; interrupt messages to the processors stay as
 * they are. A function that has no address space here reaches nothing. Thread-safe.
 */
final class Iommu {
    private static final long REGISTERS = 0xfed9_0000L;
    private static final int CAPABILITIES = 0x08;
    private static final int EXTENDED_CAPABILITIES = 0x10;
    private static final int GLOBAL_COMMAND = 0x18;
    private static final int GLOBAL_STATUS = 0x1c;
    private static final int ROOT_TABLE = 0x20;
    private static final int CONTEXT_COMMAND = 0x28;
    private static final int FAULT_STATUS = 0x34;
    /** Of {@link #GLOBAL_COMMAND}: translates. */
    private static final long TRANSLATION = 1L << 31;
    /** Of {@link #GLOBAL_COMMAND}: takes {@link #ROOT_TABLE}. */
    private static final long SET_ROOT_TABLE = 1L << 30;
    /** Of {@link #CONTEXT_COMMAND}: forgets all contexts; the upper bit is clear when that is done. */
    private static final long FORGET_CONTEXTS = 1L << 63 | 1L << 61;
    /** Of the register for that: forgets all translations; likewise. */
    private static final long FORGET_TRANSLATIONS = 1L << 63 | 1L << 60;
    private static final int TRANSLATION_OFFSET_SHIFT = 8;
    private static final int TRANSLATION_OFFSET_MASK = 0x3ff;
    /** The offsets that capabilities tell are in units of 16 bytes. */
    private static final int UNIT_SHIFT = 4;
    private static final int FAULT_OFFSET_SHIFT = 24;
    private static final int FAULT_OFFSET_MASK = 0x3ff;
    private static final int FAULT_OVERFLOW = 1;
    private static final int PRESENT = 1;
    /** Of a context: its tables have three levels, for 39 bits of address. */
    private static final int THREE_LEVELS = 1;
    private static final int DOMAIN_SHIFT = 8;
    private static final int ENTRY_WORDS = 2;
    /** How often to look for what the hardware does at once. */
    private static final int PATIENCE = 1000;

    private final QtestSocket qtest;
    private final Pages pages;
    private final long rootTable;
    private final long translations;
    private final long faults;
    private int domains;

    /** Has all requests translated from now on. */
    Iommu(QtestSocket qtest, Pages pages) throws IOException {
        this.qtest = qtest;
        this.pages = pages;
        this.rootTable = pages.take();
        this.translations = offset(EXTENDED_CAPABILITIES, TRANSLATION_OFFSET_SHIFT, TRANSLATION_OFFSET_MASK) + Long.BYTES;
        this.faults = offset(CAPABILITIES, FAULT_OFFSET_SHIFT, FAULT_OFFSET_MASK);
        qtest.write("writeq", REGISTERS + ROOT_TABLE, rootTable);
        command(SET_ROOT_TABLE);
        command(TRANSLATION);
    }

    private long offset(int register, int shift, int mask) throws IOException {
        return (qtest.read("readq", REGISTERS + register) >>> shift & mask) << UNIT_SHIFT;
    }

    private void command(long bit) throws IOException {
        long status = qtest.read("readl", REGISTERS + GLOBAL_STATUS);
        qtest.write("writel", REGISTERS + GLOBAL_COMMAND, status & TRANSLATION | bit);
        await(GLOBAL_STATUS, "readl", bit, bit);
    }

    private void await(long register, String reading, long mask, long expected) throws IOException {
        for (int i = 0; i < PATIENCE; i++) {
            if ((qtest.read(reading, REGISTERS + register) & mask) == expected) {
                return;
            }
        }
        throw new IOException("the IOMMU does not finish: register " + Long.toHexString(register));
    }

    /** Makes an address space for a function, which it has until that is closed. */
    synchronized AddressSpace space(PciAddress address) throws IOException {
        IommuSpace space = new IommuSpace(this, address, pages, domains);
        long contexts = pages.get(rootTable, address.bus() * ENTRY_WORDS) & -Pages.SIZE;
        if (contexts == 0) {
            contexts = pages.take();
            pages.put(rootTable, address.bus() * ENTRY_WORDS, contexts | PRESENT);
        }
        domains++;
        pages.put(contexts, context(address) + 1, (long) domains << DOMAIN_SHIFT | THREE_LEVELS);
        pages.put(contexts, context(address), space.tables() | PRESENT);
        forget();
        return space;
    }

    private static int context(PciAddress address) {
        return (address.device() << 3 | address.function()) * ENTRY_WORDS;
    }

    /** Cuts a function off, unless it has another space by now: of a device that was plugged into the same slot. */
    synchronized void remove(PciAddress address, IommuSpace space) throws IOException {
        long contexts = pages.get(rootTable, address.bus() * ENTRY_WORDS) & -Pages.SIZE;
        if ((pages.get(contexts, context(address)) & -Pages.SIZE) == space.tables()) {
            pages.put(contexts, context(address), 0);
            forget();
        }
    }

    /** Has the hardware look at the tables anew. */
    void forget() throws IOException {
        forget(CONTEXT_COMMAND, FORGET_CONTEXTS);
        forget(translations, FORGET_TRANSLATIONS);
    }

    private void forget(long register, long command) throws IOException {
        qtest.write("writeq", REGISTERS + register, command);
        await(register, "readq", Long.MIN_VALUE, 0);
    }

    /**
     * Takes the address of a request that was refused.
     *
     * @return its page, or -1 if none was refused since the last time
     */
    synchronized long takeFault() throws IOException {
        long record = REGISTERS + faults;
        long upper = qtest.read("readq", record + Long.BYTES);
        if (upper >= 0) {
            return -1;
        }
        long page = qtest.read("readq", record) & -Pages.SIZE;
        // The bit that says that there is a fault is cleared by writing it.
        qtest.write("writeq", record + Long.BYTES, Long.MIN_VALUE);
        qtest.write("writel", REGISTERS + FAULT_STATUS, FAULT_OVERFLOW);
        return page;
    }
}
