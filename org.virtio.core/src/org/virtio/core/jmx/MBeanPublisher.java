// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.jmx;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.management.MBeanServer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.virtio.device.VirtioDevice;

/**
 * Registers devices and queues with the platform's MBean server while they are there:
 * {@code org.virtio:type=Device,name=disk0} and {@code org.virtio:type=Queue,device=disk0,index=0}.
 */
@Component(service = {})
public final class MBeanPublisher {
    private final MBeanServer server;
    private final Map<VirtioDevice, DeviceMBeans> devices = new ConcurrentHashMap<>();

    /** Publishes nothing at first. */
    @Activate
    public MBeanPublisher() {
        this(ManagementFactory.getPlatformMBeanServer());
    }

    MBeanPublisher(MBeanServer server) {
        this.server = server;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindDevice(VirtioDevice device) {
        DeviceMBeans beans = new DeviceMBeans(server, device);
        devices.put(device, beans);
        beans.open();
    }

    void unbindDevice(VirtioDevice device) {
        DeviceMBeans beans = devices.remove(device);
        if (beans != null) {
            beans.close();
        }
    }

    /** An MBean that stayed behind would keep the bundle's classes. */
    @Deactivate
    void deactivate() {
        devices.keySet().forEach(this::unbindDevice);
    }
}
