// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.osgi.service.event.Event;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockException;
import org.virtio.device.DeviceProperties;
import org.virtio.itest.felix.Events;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.support.Await;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/** What can become of a device that the embedded target serves. */
public class TargetTest extends FelixTest {
    private static final long MIB = 1 << 20;

    /** For sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    @Test
    public void aResizeArrivesAsACapacityEventAndTheNewEndCanBeUsed() throws Exception {
        String path = virtio.target(TargetOptions.ram(folder.getRoot() + "/disk.sock", MIB)).path;
        BlockDevice device = virtio.attach(path, "disk");
        List<Long> capacities = new ArrayList<>();
        device.addListener((changed, before, now) -> {
            synchronized (capacities) {
                capacities.add(before);
                capacities.add(now);
            }
        });
        try (Events events = new Events(context, "disk")) {
            virtio.service(TargetManager.class).resize(path, 3 * MIB);
            Event event = events.await("CONFIGURATION");
            assertThat(event.getProperty(DeviceProperties.STATE)).isEqualTo("ready");
        }
        Await.until("the listener was told", () -> {
            synchronized (capacities) {
                return capacities.equals(List.of(MIB, 3 * MIB));
            }
        });
        assertThat(device.capacity()).isEqualTo(3 * MIB);
        ByteBuffer end = ByteBuffer.allocate(512).put(511, (byte) 1);
        device.write(3 * MIB - 512, end);
        ByteBuffer read = ByteBuffer.allocate(512);
        device.read(3 * MIB - 512, read);
        assertThat(read.array()).isEqualTo(end.array());
    }

    @Test
    public void aDeviceAndItsQueuesAreMBeansAsLongAsItIsAttached() throws Exception {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        ObjectName deviceName = new ObjectName("org.virtio:type=Device,name=disk");
        ObjectName queueName = new ObjectName("org.virtio:type=Queue,device=disk,index=0");
        String path = virtio.target(TargetOptions.ram(folder.getRoot() + "/disk.sock", MIB)).path;
        BlockDevice device = virtio.attach(path, "disk");
        assertThat(server.getAttribute(deviceName, "state")).isEqualTo("ready");
        long before = (long) server.getAttribute(queueName, "requests");
        device.read(0, ByteBuffer.allocate(512));
        assertThat((long) server.getAttribute(queueName, "requests")).isGreaterThan(before);
        virtio.detachAll();
        assertThat(server.queryNames(new ObjectName("org.virtio:*"), null)).isEmpty();
    }

    @Test
    public void deletedTargetFailsItsDeviceWithAReasonThatTheEventCarries() throws Exception {
        String path = virtio.target(TargetOptions.ram(folder.getRoot() + "/disk.sock", MIB)).path;
        BlockDevice device = virtio.attach(path + "?grace=0", "disk");
        try (Events events = new Events(context, "disk")) {
            virtio.deleteTargets();
            assertThat(events.await("FAILED").getProperty(DeviceProperties.REASON)).isEqualTo(virtio.awaitFailure("disk"));
        }
        assertThatThrownBy(() -> device.read(0, ByteBuffer.allocate(512))).isInstanceOf(BlockException.class);
        virtio.awaitNoBlock("disk");
    }
}
