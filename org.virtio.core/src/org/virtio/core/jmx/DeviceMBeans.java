// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.jmx;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.queue.QueueDTO;

/**
 * The MBeans of one device: its own from the beginning, one for each queue while it is started. The lock is this object's
 * alone, so that what was registered is known exactly when it has to go.
 */
final class DeviceMBeans implements DeviceListener {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceMBeans.class);
    private static final String DOMAIN = "org.virtio";
    private static final Pattern PLAIN = Pattern.compile("[^,=:\"*?\\n]+");

    private final MBeanServer server;
    private final VirtioDevice device;
    private final List<ObjectName> deviceNames = new ArrayList<>();
    private final List<ObjectName> queueNames = new ArrayList<>();
    private boolean closed;

    DeviceMBeans(MBeanServer server, VirtioDevice device) {
        this.server = server;
        this.device = device;
    }

    /** The name of a device's MBean. */
    static ObjectName deviceName(String device) throws MalformedObjectNameException {
        return new ObjectName(DOMAIN + ":type=Device,name=" + quoted(device));
    }

    /** The name of a queue's MBean. */
    static ObjectName queueName(String device, int index) throws MalformedObjectNameException {
        return new ObjectName(DOMAIN + ":type=Queue,device=" + quoted(device) + ",index=" + index);
    }

    private static String quoted(String value) {
        return PLAIN.matcher(value).matches() ? value : ObjectName.quote(value);
    }

    /** Registers what there is. */
    void open() {
        synchronized (this) {
            try {
                register(deviceName(device.name()), new DtoMBean("virtio device", DeviceDTO.class, device::dump), deviceNames);
            } catch (MalformedObjectNameException e) {
                LOG.warn("Device {} cannot be an MBean", device.name(), e);
            }
        }
        device.addListener(this);
        // It may have been started before there was a listener to hear of it.
        stateChanged(device, device.state());
    }

    /** By the state that the device has now: news may come late. A failed device keeps its queues, for their reasons. */
    @Override
    public synchronized void stateChanged(VirtioDevice changed, DeviceState ignored) {
        DeviceState state = device.state();
        if (closed || state == DeviceState.FAILED) {
            return;
        }
        unregister(queueNames);
        if (state == DeviceState.READY) {
            registerQueues(device.queueCount());
        }
    }

    private void registerQueues(int count) {
        for (int i = 0; i < count; i++) {
            int index = i;
            try {
                register(queueName(device.name(), i), new DtoMBean("virtqueue", QueueDTO.class, () -> queue(index)), queueNames);
            } catch (MalformedObjectNameException e) {
                LOG.warn("Queue {} of device {} cannot be an MBean", i, device.name(), e);
            }
        }
    }

    private QueueDTO queue(int index) {
        List<QueueDTO> queues = device.dumpQueues();
        if (index >= queues.size()) {
            throw new IllegalStateException("device " + device.name() + " has no queue " + index + " any more");
        }
        return queues.get(index);
    }

    /** Of two devices of one name, in two frameworks of one JVM, the first is shown. */
    private void register(ObjectName name, DtoMBean bean, List<ObjectName> names) {
        try {
            server.registerMBean(bean, name);
            names.add(name);
        } catch (InstanceAlreadyExistsException e) {
            LOG.warn("There is an MBean {} already", name);
            LOG.debug("It is not ours", e);
        } catch (JMException e) {
            LOG.warn("{} cannot be registered", name, e);
        }
    }

    private void unregister(List<ObjectName> names) {
        for (ObjectName name : names) {
            try {
                server.unregisterMBean(name);
            } catch (InstanceNotFoundException e) {
                LOG.debug("{} was unregistered by somebody else", name, e);
            } catch (JMException e) {
                LOG.warn("{} cannot be unregistered", name, e);
            }
        }
        names.clear();
    }

    /** Takes everything back. */
    void close() {
        device.removeListener(this);
        synchronized (this) {
            closed = true;
            unregister(queueNames);
            unregister(deviceNames);
        }
    }
}
