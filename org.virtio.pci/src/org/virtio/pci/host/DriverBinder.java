// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.sysfs.Drivers;
import org.virtio.pci.sysfs.HandOver;

/**
 * Moves functions from one of the kernel's drivers to another: {@code driver_override}, {@code unbind} and
 * {@code drivers_probe} of the kernel's ABI/testing/sysfs-bus-pci. Whether that may be done is asked before.
 */
final class DriverBinder {
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    /** To the kernel an empty line means that there is no override. */
    private static final String EMPTY = "\n";

    private final PciSysfs sysfs;
    private final SysfsWriter writer;
    private final Duration patience;

    /**
     * Works by way of these files.
     *
     * @param patience how long the kernel may take to bind its own driver
     */
    DriverBinder(PciSysfs sysfs, SysfsWriter writer, Duration patience) {
        this.sysfs = sysfs;
        this.writer = writer;
        this.patience = patience;
    }

    /**
     * Binds a function to a driver, or to {@link Drivers#NONE}.
     *
     * @throws VirtioException with what failed; the function is as it was then, or the message says that too
     */
    void bind(PciAddress function, String driver) throws VirtioException {
        if (!driver.equals(Drivers.NONE) && !sysfs.hasDriver(driver)) {
            throw new VirtioException("the kernel has no driver " + driver + " loaded; load it: " + HandOver.load(driver));
        }
        String driverBefore = sysfs.driver(function);
        String overrideBefore = sysfs.node(function).driverOverride();
        write(sysfs.node(function).file("driver_override"), driver);
        try {
            release(function);
            if (!driver.equals(Drivers.NONE)) {
                write(sysfs.node(function).bus("drivers_probe"), function.toString());
                checkBound(function, driver);
            }
        } catch (VirtioException e) {
            String trouble = putBack(function, driverBefore, overrideBefore);
            throw new VirtioException(e.getMessage() + (trouble == null ? "; " + function + " is as it was"
                : "; putting " + function + " back failed too: " + trouble), e);
        }
    }

    private void checkBound(PciAddress function, String driver) throws VirtioException {
        String now = sysfs.driver(function);
        if (!driver.equals(now)) {
            boolean withoutIommu = Drivers.isVfio(driver) && sysfs.node(function).iommuGroup() == null;
            throw new VirtioException(driver + " did not take " + function + (withoutIommu
                ? ": it is behind no IOMMU, and VFIO's mode without one is off" : "; the kernel's log may say why: dmesg"));
        }
    }

    /** Does all that can be done, and returns what could not, or null. */
    private String putBack(PciAddress function, String driver, String override) {
        try {
            write(sysfs.node(function).file("driver_override"), override.isEmpty() ? EMPTY : override);
            String now = sysfs.driver(function);
            if (driver == null ? now != null : !driver.equals(now)) {
                release(function);
                if (driver != null) {
                    write(sysfs.driverDirectory(driver).resolve("bind"), function.toString());
                }
            }
            return null;
        } catch (VirtioException e) {
            return e.getMessage();
        }
    }

    /**
     * Gives a function back to whichever of the kernel's drivers wants it, and waits until one has it.
     *
     * @throws VirtioException if none takes it
     */
    void giveBack(PciAddress function) throws VirtioException {
        write(sysfs.node(function).file("driver_override"), EMPTY);
        if (Drivers.isForProcesses(sysfs.driver(function))) {
            release(function);
        }
        if (sysfs.driver(function) == null) {
            write(sysfs.node(function).bus("drivers_probe"), function.toString());
        }
        if (!awaitDriver(function)) {
            throw new VirtioException("no driver of the kernel's took " + function + " within " + patience.toMillis()
                + " ms; load it: " + HandOver.load("virtio_pci"));
        }
        String driver = sysfs.driver(function);
        if (Drivers.isForProcesses(driver)) {
            throw new VirtioException(driver + " took " + function
                + " again, because it was told to by its file new_id; tell it otherwise by remove_id");
        }
    }

    private void release(PciAddress function) throws VirtioException {
        if (sysfs.driver(function) != null) {
            write(sysfs.node(function).file("driver/unbind"), function.toString());
        }
    }

    /** An interrupt ends the wait. */
    private boolean awaitDriver(PciAddress function) {
        long start = System.nanoTime();
        while (sysfs.driver(function) == null) {
            if (System.nanoTime() - start >= patience.toNanos() || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return true;
    }

    private void write(Path file, String text) throws VirtioException {
        try {
            writer.write(file, text);
        } catch (AccessDeniedException e) {
            throw new VirtioException(file + " may not be written; that takes root", e);
        } catch (NoSuchFileException e) {
            throw new VirtioException("there is no " + file + "; was the function removed?", e);
        } catch (IOException e) {
            String reason = e instanceof FileSystemException failure ? failure.getReason() : e.getMessage();
            throw new VirtioException("writing '" + text.strip() + "' to " + file + " failed: " + reason, e);
        }
    }
}
