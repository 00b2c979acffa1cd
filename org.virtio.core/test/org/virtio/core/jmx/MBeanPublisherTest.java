// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.jmx;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.core.device.CoreDevice;
import org.virtio.core.fake.FakeProvider;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.Virtqueue;

/** Against the platform's MBean server, with devices over fake transports. */
class MBeanPublisherTest {
    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private final FakeProvider provider = new FakeProvider("fake");
    private final MBeanPublisher publisher = new MBeanPublisher();
    private CoreDevice device;

    @BeforeEach
    void open() throws VirtioException {
        device = open("disk0");
        publisher.bindDevice(device);
    }

    private CoreDevice open(String name) throws VirtioException {
        return CoreDevice.open(provider, DeviceAddress.parse("fake:here"), type -> name);
    }

    private void start(int queues) throws VirtioException {
        device.negotiate(FeatureSet.NONE);
        device.start(queues, 1);
    }

    @AfterEach
    void nothingStays() throws Exception {
        device.close();
        publisher.unbindDevice(device);
        assertThat(names()).isEmpty();
    }

    private Set<ObjectName> names() throws Exception {
        return server.queryNames(new ObjectName("org.virtio:*"), null);
    }

    private static ObjectName[] disk0(int queues) throws Exception {
        ObjectName[] names = new ObjectName[1 + queues];
        names[0] = new ObjectName("org.virtio:type=Device,name=disk0");
        for (int i = 0; i < queues; i++) {
            names[1 + i] = new ObjectName("org.virtio:type=Queue,device=disk0,index=" + i);
        }
        return names;
    }

    @Test
    void queuesAreThereWhileTheDeviceIsStarted() throws Exception {
        assertThat(names()).containsExactlyInAnyOrder(disk0(0));
        start(3);
        assertThat(names()).containsExactlyInAnyOrder(disk0(3));
        device.stop();
        assertThat(names()).containsExactlyInAnyOrder(disk0(0));
        start(2);
        assertThat(names()).containsExactlyInAnyOrder(disk0(2));
        device.close();
        assertThat(names()).as("the device itself stays until it is unbound").containsExactlyInAnyOrder(disk0(0));
        publisher.unbindDevice(device);
        assertThat(names()).isEmpty();
    }

    @Test
    void attributesAreAsFreshAsADump() throws Exception {
        start(1);
        ObjectName queueName = disk0(1)[1];
        Virtqueue queue = device.acquireQueue(0);
        assertThat(server.getAttribute(queueName, "requests")).isEqualTo(0L);
        queue.begin("t", 1);
        queue.addReadable(device.memory().allocate(8), 0, 8);
        queue.flush();
        assertThat(server.getAttribute(queueName, "requests")).isEqualTo(1L);
        assertThat(server.getAttribute(queueName, "owner")).isEqualTo(Thread.currentThread().getName());
        assertThat(server.getAttribute(disk0(0)[0], "state")).isEqualTo("ready");
        assertThat(server.getMBeanInfo(queueName).getAttributes()).hasSameSizeAs(QueueDTO.class.getFields());
        queue.breakQueue("why");
        assertThat(server.getAttribute(queueName, "brokenReason")).isEqualTo("why");
    }

    @Test
    void aDeviceThatWasStartedBeforeIsShownWithItsQueues() throws Exception {
        start(2);
        publisher.unbindDevice(device);
        assertThat(names()).isEmpty();
        publisher.bindDevice(device);
        assertThat(names()).containsExactlyInAnyOrder(disk0(2));
    }

    @Test
    void theQueuesOfADeviceThatFailedTellWhy() throws Exception {
        start(1);
        provider.last().fail("hung up");
        assertThat(server.getAttribute(disk0(1)[1], "brokenReason")).isEqualTo("hung up");
        assertThat(server.getAttribute(disk0(0)[0], "failure")).isEqualTo("hung up");
    }

    @Test
    void whenTheBundleStopsAllIsGoneAndNoListenerStays() throws Exception {
        try (CoreDevice other = open("disk1")) {
            publisher.bindDevice(other);
            start(1);
            assertThat(names()).hasSize(3);
            publisher.deactivate();
            assertThat(names()).isEmpty();
            device.stop();
            start(1);
            assertThat(names()).as("the listener went too").isEmpty();
            publisher.unbindDevice(other);
        }
    }

    @Test
    void aDeviceThatIsUnboundHasNoListenerOfOursAnyMore() {
        List<Object> listeners = new ArrayList<>();
        VirtioDevice watched = (VirtioDevice) Proxy.newProxyInstance(getClass().getClassLoader(),
            new Class<?>[] {VirtioDevice.class}, (self, method, arguments) -> switch (method.getName()) {
                case "name" -> "watched";
                case "state" -> DeviceState.OPEN;
                case "addListener" -> listeners.add(arguments[0]);
                case "removeListener" -> listeners.remove(arguments[0]);
                case "hashCode" -> 1;
                case "equals" -> self == arguments[0];
                default -> throw new UnsupportedOperationException(method.toString());
            });
        publisher.bindDevice(watched);
        assertThat(listeners).hasSize(1);
        publisher.unbindDevice(watched);
        assertThat(listeners).isEmpty();
    }

    @Test
    void aNameThatIsTakenIsLeftToWhoHasIt() throws Exception {
        try (CoreDevice twin = open("disk0")) {
            MBeanPublisher second = new MBeanPublisher();
            second.bindDevice(twin);
            assertThat(names()).containsExactlyInAnyOrder(disk0(0));
            second.unbindDevice(twin);
            assertThat(names()).as("still that of the first").containsExactlyInAnyOrder(disk0(0));
        }
    }

    @Test
    void namesAreQuotedWhereNeeded() throws Exception {
        assertThat(DeviceMBeans.deviceName("disk0").toString()).isEqualTo("org.virtio:type=Device,name=disk0");
        assertThat(DeviceMBeans.deviceName("a,b=c:*?\"\n").getKeyProperty("name"))
            .isEqualTo(ObjectName.quote("a,b=c:*?\"\n"));
        assertThat(DeviceMBeans.deviceName("*").isPattern()).isFalse();
        assertThat(DeviceMBeans.deviceName("").getKeyProperty("name")).isEqualTo("\"\"");
        assertThat(DeviceMBeans.queueName("x,y", 7).toString()).isEqualTo("org.virtio:type=Queue,device=\"x,y\",index=7");
    }
}
