// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.virtio.core.device.DeviceNaming;
import org.virtio.core.device.NameTakenException;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.spec.DeviceType;

/** The declared devices by name. Thread-safe; nothing foreign is called under its lock. */
final class DeviceTable {
    private final Map<String, DeclaredDevice> devices = new LinkedHashMap<>();
    /** Names of devices that are being attached. */
    private final Set<String> reserved = new HashSet<>();

    /** A name that nobody else can take meanwhile; closing it gives the name back unless a device was declared by it. */
    final class Reservation implements DeviceNaming, AutoCloseable {
        private String name;

        private Reservation(String name) {
            this.name = name;
        }

        /** The reserved name; if none was asked for, the first free one of the type from here on. */
        @Override
        public String name(DeviceType type) {
            if (name == null) {
                name = reserveFirst(type.shortName());
            }
            return name;
        }

        void declare(DeviceAddress address, DeviceService service) {
            synchronized (DeviceTable.this) {
                devices.put(name, new DeclaredDevice(name, address, service));
            }
        }

        /** Declares a device that is not open yet; its name was asked for. */
        DeclaredDevice declare(DeviceAddress address) {
            synchronized (DeviceTable.this) {
                DeclaredDevice declared = new DeclaredDevice(name, address, null);
                declared.awaited = true;
                devices.put(name, declared);
                return declared;
            }
        }

        @Override
        public void close() {
            synchronized (DeviceTable.this) {
                reserved.remove(name);
            }
        }
    }

    /**
     * Reserves a name.
     *
     * @param name or null for one that depends on the device's type
     * @throws IllegalArgumentException if it is malformed
     * @throws VirtioException          if it is taken
     */
    synchronized Reservation reserve(String name) throws VirtioException {
        if (name != null) {
            if (!name.matches(DeviceNaming.PATTERN)) {
                throw new IllegalArgumentException(
                    "'" + name + "' is no device name; expected " + DeviceNaming.RANGE);
            }
            if (!reserveIfFree(name)) {
                throw new NameTakenException(name);
            }
        }
        return new Reservation(name);
    }

    private synchronized String reserveFirst(String prefix) {
        int number = 0;
        while (!reserveIfFree(prefix + number)) {
            number++;
        }
        return prefix + number;
    }

    private boolean reserveIfFree(String name) {
        return !devices.containsKey(name) && reserved.add(name);
    }

    /**
     * Forgets a device.
     *
     * @return its service, or null if it was not open
     * @throws VirtioException if there is none of that name; the message lists those that are there
     */
    synchronized DeviceService remove(String name) throws VirtioException {
        DeclaredDevice declared = devices.remove(name);
        if (declared == null) {
            throw unknown(name);
        }
        return declared.service;
    }

    synchronized void clear() {
        devices.clear();
    }

    /**
     * The device that this service was of, if any, is declared only, from now on.
     *
     * @param reason null if it is none to be kept
     * @return that device, or null
     */
    synchronized DeclaredDevice closed(DeviceService service, String reason) {
        DeclaredDevice declared = declared(service);
        if (declared != null) {
            declared.service = null;
            declared.failure = reason == null ? declared.failure : reason;
        }
        return declared;
    }

    /** As {@link #closed}, for a device that was suspended for too long. */
    synchronized DeclaredDevice expired(DeviceService service, String reason) {
        DeclaredDevice declared = closed(service, reason);
        if (declared != null) {
            declared.expired = true;
            declared.awaited = true;
        }
        return declared;
    }

    private DeclaredDevice declared(DeviceService service) {
        return devices.values().stream().filter(declared -> declared.service == service).findFirst().orElse(null);
    }

    /** Where the device of a service is declared to be, or null if it was detached. */
    synchronized DeviceAddress address(DeviceService service) {
        DeclaredDevice declared = declared(service);
        return declared == null ? null : declared.address;
    }

    /** Declares a device to be elsewhere. */
    synchronized void move(DeviceService service, DeviceAddress address) {
        DeclaredDevice declared = declared(service);
        if (declared != null) {
            declared.address = address;
        }
    }

    /**
     * The service of an open device.
     *
     * @throws VirtioException if there is none of that name, or it is not open
     */
    synchronized DeviceService service(String name) throws VirtioException {
        DeclaredDevice declared = devices.get(name);
        if (declared == null) {
            throw unknown(name);
        }
        if (declared.service == null) {
            throw new VirtioException("device " + name + " is not open");
        }
        return declared.service;
    }

    private VirtioException unknown(String name) {
        return new VirtioException("no device '" + name + "' is attached; there are " + devices.keySet());
    }

    /** Declared devices of a scheme that are not open. */
    synchronized List<DeclaredDevice> toOpen(String scheme) {
        return devices.values().stream()
            .filter(declared -> declared.service == null && declared.address.scheme().equals(scheme))
            .toList();
    }

    /** Says that a device is being opened again; false if it is so already, or open, or was detached. */
    synchronized boolean beginOpening(DeclaredDevice declared) {
        if (declared.opening || declared.service != null || !isDeclared(declared)) {
            return false;
        }
        declared.opening = true;
        return true;
    }

    /** Ends what {@link #beginOpening} began; false if the device was detached meanwhile, and must be closed. */
    synchronized boolean opened(DeclaredDevice declared, DeviceService service) {
        declared.opening = false;
        if (!isDeclared(declared)) {
            return false;
        }
        declared.service = service;
        declared.failure = null;
        declared.expired = false;
        return true;
    }

    /**
     * Ends what {@link #beginOpening} began; returns whether to try again after a while. Why a device had to be given up remains
     * the reason that is told.
     */
    synchronized boolean notOpened(DeclaredDevice declared, String failure) {
        declared.opening = false;
        declared.failure = declared.expired ? declared.failure : failure;
        boolean retry = declared.awaited && !declared.retrying && isDeclared(declared);
        declared.retrying |= retry;
        return retry;
    }

    /** What {@link #notOpened} told to arrange is about to happen. */
    synchronized void retry(DeclaredDevice declared) {
        declared.retrying = false;
    }

    private boolean isDeclared(DeclaredDevice declared) {
        return devices.get(declared.name) == declared;
    }

    synchronized VirtioDevice device(String name) {
        DeclaredDevice declared = devices.get(name);
        return declared == null || declared.service == null ? null : declared.service.device();
    }

    /** Snapshots of all. The devices are asked without the lock: they may take their time to answer. */
    List<DeviceDTO> dump() {
        List<DeviceDTO> dtos = new ArrayList<>();
        List<DeviceService> services = new ArrayList<>();
        synchronized (this) {
            for (DeclaredDevice declared : devices.values()) {
                dtos.add(declared.dump());
                services.add(declared.service);
            }
        }
        for (int i = 0; i < dtos.size(); i++) {
            if (services.get(i) != null) {
                dtos.set(i, services.get(i).device().dump());
            }
        }
        return dtos;
    }
}
