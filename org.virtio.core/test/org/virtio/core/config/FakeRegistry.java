// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.virtio.core.device.NameTakenException;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceRegistry;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/** Notes what it is asked to do. */
final class FakeRegistry implements DeviceRegistry {
    final List<String> calls = new CopyOnWriteArrayList<>();
    final Map<String, DeviceAddress> declared = Collections.synchronizedMap(new LinkedHashMap<>());
    /** Of all devices; null if they are not open. */
    volatile DeviceState state;
    /** Why no device can move, or null. */
    String refusal;
    /** Why there is nothing to be had at any address at present, or null. */
    String absence;
    /** Where moving stops until it is counted down. */
    volatile CountDownLatch gate = new CountDownLatch(0);
    volatile boolean moving;
    /** Runs when a device has been detached. */
    Runnable detached = () -> { };

    @Override
    public void check(DeviceAddress address) throws VirtioException {
        if (absence != null) {
            throw new VirtioException(absence);
        }
        address.option("queues", 0, 1, 256);
    }

    @Override
    public VirtioDevice attach(DeviceAddress address, String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void declare(DeviceAddress address, String name) throws VirtioException {
        calls.add("declare " + name + " " + address);
        if (declared.putIfAbsent(name, address) != null) {
            throw new NameTakenException(name);
        }
    }

    @Override
    public void detach(String name) throws VirtioException {
        calls.add("detach " + name);
        if (declared.remove(name) == null) {
            throw new VirtioException("no device '" + name + "' is attached");
        }
        detached.run();
    }

    @Override
    public void move(String name, DeviceAddress address) throws VirtioException {
        moving = true;
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new VirtioException("interrupted", e);
        }
        calls.add("move " + name + " " + address);
        if (refusal != null) {
            throw new VirtioException("device " + name + " stays at " + declared.get(name) + ": " + refusal);
        }
        declared.put(name, address);
    }

    @Override
    public List<DeviceDTO> devices() {
        return List.copyOf(declared.keySet()).stream().map(name -> {
            DeviceDTO dto = new DeviceDTO();
            dto.name = name;
            return dto;
        }).toList();
    }

    @Override
    public VirtioDevice device(String name) {
        return state == null || !declared.containsKey(name) ? null
            : (VirtioDevice) Proxy.newProxyInstance(FakeRegistry.class.getClassLoader(), new Class<?>[] {VirtioDevice.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("state")) {
                        return state;
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }

    @Override
    public List<String> transports() {
        return List.of("fake");
    }
}
