// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.virtio.blk.BlockDevice;
import org.virtio.device.DeviceProperties;
import org.virtio.device.VirtioDevice;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.LogCapture;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.itest.swap.SwapLoad;
import org.virtio.target.TargetOptions;

/** Devices that configurations declare, with a Configuration Admin that knows nothing of them. */
public class ConfigurationTest extends FelixTest {
    private static final int MIB = 1 << 20;
    private static final String LOGGER = "org.virtio.core.config.ConfiguredDevice";

    /** For the image and sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private LogCapture log;

    @Before
    public void listen() {
        log = new LogCapture(LOGGER);
    }

    @After
    public void deleteAll() throws Exception {
        Configuration[] left = configurations().listConfigurations("(service.factoryPid=org.virtio.device)");
        for (Configuration configuration : left == null ? new Configuration[0] : left) {
            configuration.delete();
        }
        Await.until("no device is left", () -> virtio.registry().devices().isEmpty());
        log.close();
    }

    private String path(String name) {
        return folder.getRoot() + "/" + name + ".sock";
    }

    private String target(String name) throws Exception {
        return virtio.target(TargetOptions.ram(path(name), MIB)).path;
    }

    private ConfigurationAdmin configurations() {
        return virtio.service(ConfigurationAdmin.class);
    }

    private Configuration configuration(String name, Object... keysAndValues) throws IOException {
        Configuration configuration = configurations().getFactoryConfiguration("org.virtio.device", name, "?");
        update(configuration, keysAndValues);
        return configuration;
    }

    private static void update(Configuration configuration, Object... keysAndValues) throws IOException {
        Map<String, Object> properties = new Hashtable<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        configuration.update(new Hashtable<>(properties));
    }

    private void awaitAddress(String name, String address) {
        Await.until(name + " is at " + address, () -> virtio.registry().devices().stream()
            .anyMatch(device -> device.name.equals(name) && device.address.equals(address) && device.state.equals("ready")));
    }

    private ServiceReference<BlockDevice> onlyService() {
        return virtio.references(BlockDevice.class, null).iterator().next();
    }

    @Test
    public void deviceIsThereAsLongAsItsConfiguration() throws Exception {
        Configuration configuration =
            configuration("disk0", "address", "vhost-user:" + path("disk"), "queues", 1, "readOnly", true);
        Await.until("it waits for its back end", () -> virtio.registry().devices().stream()
            .anyMatch(device -> device.name.equals("disk0") && device.failure != null));
        target("disk");
        BlockDevice disk = virtio.block("disk0");
        disk.read(0, ByteBuffer.allocate(512));
        assertThat(disk.isReadOnly()).isTrue();
        assertThatThrownBy(() -> disk.write(0, ByteBuffer.allocate(512))).hasMessage("disk0 is read-only");
        awaitAddress("disk0", "vhost-user:" + path("disk") + "?queues=1&readonly=on");
        configuration.delete();
        virtio.awaitNoBlock("disk0");
        Await.until("it is detached", () -> virtio.registry().devices().isEmpty());
        assertThat(log.lines()).isEmpty();
    }

    @Test
    public void usersNoticeNothingOfAnotherPlaceOrGrace() throws Exception {
        Path image = StorageDaemon.image(folder.newFile("disk.img").toPath(), MIB);
        for (String place : List.of("a", "b")) {
            virtio.target(new TargetOptions(path(place), image.toString(), 0, 512, 1, false, "disk"));
        }
        Configuration configuration = configuration("disk0", "address", "vhost-user:" + path("a"), "grace", "20");
        SwapLoad load = new SwapLoad(virtio.block("disk0"));
        load.awaitProgress();
        ServiceReference<BlockDevice> before = onlyService();
        update(configuration, "address", "vhost-user:" + path("a"), "grace", "86400");
        awaitAddress("disk0", "vhost-user:" + path("a") + "?grace=86400");
        for (String place : List.of("b", "a", "b")) {
            load.awaitProgress();
            update(configuration, "address", "vhost-user:" + path(place), "grace", "86400");
            awaitAddress("disk0", "vhost-user:" + path(place) + "?grace=86400");
        }
        load.awaitProgress();
        load.close();
        assertThat(onlyService()).isEqualTo(before);
        assertThat(virtio.dump("disk0").suspensions).isEqualTo(4);
        load.assertWritten(image);
        assertThat(log.lines()).isEmpty();
    }

    @Test
    public void badChangesAreRefusedWhileTheDeviceWorks() throws Exception {
        String address = "vhost-user:" + target("disk");
        Configuration configuration = configuration("disk0", "address", address);
        SwapLoad load = new SwapLoad(virtio.block("disk0"));
        load.awaitProgress();
        ServiceReference<BlockDevice> before = onlyService();
        refused("grace=long is not a number from 0 to 86400", configuration, "address", address, "grace", "long");
        refused("mode=fast is neither wait nor poll", configuration, "address", address, "mode", "fast");
        refused("colour", configuration, "address", address, "colour", "red");
        refused("address is missing", configuration);
        refused("queues=5000 is not a number from 1 to 256", configuration, "address", address, "queues", 5000);
        refused("unknown option 'colour' for vhost-user; known are [", configuration, "address", address + "?colour=red");
        refused("unknown option 'type' for pci; known are [", configuration, "address", "pci:0000:00:05.0", "type", "blk");
        refused("'00:05.0' is no PCI address", configuration, "address", "pci:00:05.0");
        refused("there is no access path 'vfoi'", configuration, "address", "pci:0000:00:05.0?access=vfoi");
        refused("no transport for 'vhots-user' is there", configuration, "address", "vhots-user:" + path("disk"), "queues", 1);
        load.awaitProgress();
        assertThat(virtio.dump("disk0").suspensions).as("the device was not touched").isZero();
        assertThat(virtio.dump("disk0").address).isEqualTo(address);
        refused("stays at " + address, configuration, "address", "vhost-user:" + path("nobody"));
        load.awaitProgress();
        load.close();
        assertThat(onlyService()).isEqualTo(before);
        update(configuration, "address", address, "queues", 1);
        awaitAddress("disk0", address + "?queues=1");
        update(configuration, "address", address, "name", "other");
        awaitAddress("other", address);
        assertThat(virtio.registry().devices()).hasSize(1);
    }

    private void refused(String reason, Configuration configuration, Object... keysAndValues) throws IOException {
        int before = log.lines().size();
        update(configuration, keysAndValues);
        Await.until("the change is refused: " + reason, () -> log.lines().size() > before);
        assertThat(log.lines()).hasSize(before + 1).last().asString().startsWith("SEVERE ").contains("org.virtio.device~disk0")
            .contains(reason).endsWith("; device disk0 goes on as it was");
    }

    @Test
    public void badConfigurationAtFirstIsMadeUpForLater() throws Exception {
        String address = "vhost-user:" + target("disk");
        Configuration configuration = configuration("disk0", "address", address, "size", 0);
        configuration("disk1", "address", address, "queues", 257);
        Await.until("both are refused", () -> log.lines().size() == 2);
        assertThat(log.lines()).allMatch(line -> line.startsWith("SEVERE ") && line.endsWith("; nothing is declared"))
            .anyMatch(line -> line.contains("size=0 is not a number from 1 to 32768"))
            .anyMatch(line -> line.contains("queues=257 is not a number from 1 to 256"));
        assertThat(virtio.registry().devices()).isEmpty();
        update(configuration, "address", address, "size", 16);
        awaitAddress("disk0", address + "?size=16");
    }

    @Test
    public void aTakenNameIsHadAsSoonAsItIsFree() throws Exception {
        virtio.attach(target("first"), "disk0");
        configuration("disk0", "address", "vhost-user:" + target("second"));
        Await.until("it waits", () -> log.lines().size() == 1);
        assertThat(log.lines().get(0)).startsWith("WARNING ").endsWith("'disk0' is taken; nothing is declared");
        virtio.registry().detach("disk0");
        awaitAddress("disk0", "vhost-user:" + path("second"));
        assertThat(log.lines()).as("nothing is said of further attempts").hasSize(1);
    }

    /** As long as a user of one device does not let go of it. */
    @Test
    public void othersAreConfiguredWhileADeviceIsLetGoOf() throws Exception {
        Configuration configuration = configuration("disk0", "address", "vhost-user:" + target("first"));
        // Before its service says so, the thread that opened it may be the one that lets go of it.
        virtio.service(VirtioDevice.class, "(" + DeviceProperties.STATE + "=ready)");
        CountDownLatch going = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        ServiceListener user = event -> {
            if (event.getType() == ServiceEvent.UNREGISTERING) {
                going.countDown();
                await(gate);
            }
        };
        context.addServiceListener(user, "(objectClass=" + VirtioDevice.class.getName() + ")");
        try {
            configuration.delete();
            await(going);
            configuration("disk1", "address", "vhost-user:" + target("second"));
            virtio.device("disk1");
        } finally {
            gate.countDown();
            context.removeServiceListener(user);
        }
        virtio.awaitNoBlock("disk0");
        assertThat(log.lines()).as("nobody has waited in vain").isEmpty();
    }

    private static void await(CountDownLatch latch) {
        Await.until("it is so far", () -> latch.getCount() == 0);
    }

    @Test
    public void threadsThatPollAreOfTheDeviceThatSaysSo() throws Exception {
        configuration("disk0", "address", "vhost-user:" + target("disk"), "mode", "poll");
        BlockDevice disk = virtio.block("disk0");
        disk.write(0, ByteBuffer.allocate(4096));
        Thread poller = Await.value("there is a poller", () -> Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("virtio-blk disk0 queue 0")).findFirst().orElse(null));
        disk.flush();
        assertThat(poller.isAlive()).isTrue();
        assertThat(virtio.device("disk0").address().option("mode", null)).isEqualTo("poll");
    }

    @Test
    public void theRegistrysBundleThatComesBackDeclaresWhatIsConfigured() throws Exception {
        configuration("disk0", "address", "vhost-user:" + target("disk"));
        virtio.block("disk0");
        virtio.stop("org.virtio.core");
        virtio.start("org.virtio.core");
        virtio.block("disk0");
        assertThat(onlyService().getProperty(DeviceProperties.NAME)).isEqualTo("disk0");
        assertThat(log.lines()).isEmpty();
    }
}
