// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockIoErrorException;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioDevice;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.itest.swap.Load;
import org.virtio.pci.access.FunctionListener;
import org.virtio.pci.access.PciAddress;
import org.virtio.target.TargetOptions;

/** What can become of a device of QEMU's: it changes its size, fails requests, is slow, comes and goes. */
public class PciLifeTest extends MachineTest {
    private static final int MIB = 1 << 20;
    private static final int REQUESTS = 64;
    private static final String PLUGGED = "virtio-blk-pci,id=disk,drive=disk,bus=port0,disable-legacy=on";

    /** For images. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private QtestMachine.Builder withDisk(String nodes, String options) {
        return QtestMachine.builder().blockdev(nodes)
            .device("virtio-blk-pci,id=disk,drive=disk,disable-legacy=on" + options);
    }

    private String file() throws IOException {
        Path image = StorageDaemon.image(folder.getRoot().toPath().resolve("disk.img"), 4 * MIB);
        return "driver=file,filename=" + image;
    }

    private BlockDevice attach(String options) throws IOException {
        return virtio.attachAt(address() + "?access=qtest" + options, "disk");
    }

    private String address() throws IOException {
        return "pci:" + machine.address("disk");
    }

    private static byte[] bytes(int value) {
        byte[] bytes = new byte[4096];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static byte[] read(BlockDevice device, long position) throws BlockException {
        ByteBuffer bytes = ByteBuffer.allocate(4096);
        device.read(position, bytes);
        return bytes.array();
    }

    @Test
    public void resizeIsAnEventHoweverTheDeviceInterrupts() throws Exception {
        start(withDisk(file() + ",node-name=disk", ""));
        long size = 4 * MIB;
        for (String interrupts : new String[] {"msix", "intx", "poll"}) {
            size += MIB;
            assertResizes(attach("&interrupts=" + interrupts), size);
            virtio.registry().detach("disk");
        }
    }

    private void assertResizes(BlockDevice device, long size) throws Exception {
        BlockingQueue<Long> capacities = new LinkedBlockingQueue<>();
        device.addListener((changed, before, now) -> capacities.add(now));
        machine.execute("block_resize", Map.of("node-name", "disk", "size", size));
        assertThat(capacities.poll(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(size);
        device.write(size - 4096, ByteBuffer.wrap(bytes(7)));
        assertThat(read(device, size - 4096)).isEqualTo(bytes(7));
    }

    @Test
    public void oneVectorIsForQueuesAndConfigurationAlike() throws Exception {
        start(withDisk(file() + ",node-name=disk", ",vectors=1,num-queues=2"));
        BlockDevice device = attach("");
        assertThat(virtio.dump("disk").transportDetails).containsEntry("interrupts", "MSI-X, 1 vector");
        assertResizes(device, 5 * MIB);
    }

    @Test
    public void requestsThatTheDeviceFailsFailAloneAndTheRestGoesOn() throws Exception {
        start(withDisk("driver=blkdebug,node-name=disk,image.driver=null-co,image.size=" + 4 * MIB + ",image.read-zeroes=on,"
            + "inject-error.0.event=none,inject-error.0.iotype=read,inject-error.0.sector=8", ",rerror=report"));
        BlockDevice device = attach("");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> read(device, 4096)).isInstanceOf(BlockIoErrorException.class);
            assertThat(read(device, 8192)).isEqualTo(bytes(0));
        }
        assertThat(virtio.dump("disk").queues.get(0).brokenReason).isNull();
    }

    private void startSlow() throws IOException {
        // Two requests a second.
        start(QtestMachine.builder().option("-object", "throttle-group,id=slow,x-iops-total=2")
            .blockdev("driver=throttle,node-name=disk,throttle-group=slow,file.driver=null-co,file.size=" + 4 * MIB
                + ",file.read-zeroes=on")
            .device("virtio-blk-pci,id=disk,drive=disk,disable-legacy=on,packed=on,queue-size=512"));
    }

    private static List<CompletableFuture<Void>> reads(BlockDevice device) {
        List<CompletableFuture<Void>> reads = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            reads.add(device.readAsync(i * 4096L, ByteBuffer.allocate(4096)));
        }
        return reads;
    }

    /** Each ends, well or with a reason; returns how many failed. */
    private static int end(List<CompletableFuture<Void>> requests) throws Exception {
        int failed = 0;
        for (CompletableFuture<Void> request : requests) {
            try {
                request.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                assertThat(e.getCause()).isInstanceOf(BlockException.class).hasMessageMatching(".+");
                failed++;
            }
        }
        return failed;
    }

    @Test
    public void aDeviceIsResetWithRequestsInFlightAndBeginsAnew() throws Exception {
        startSlow();
        List<CompletableFuture<Void>> reads = reads(attach(""));
        Await.until("requests are in flight", () -> virtio.dump("disk").queues.get(0).inFlight > 0);
        virtio.registry().detach("disk");
        // QEMU ends what it has when it is reset, well or not.
        end(reads);
        assertThat(read(attach(""), 0)).isEqualTo(bytes(0));
    }

    @Test
    public void aDeviceThatIsPluggedInAgainIsThereAgain() throws Exception {
        start(QtestMachine.builder().blockdev(file() + ",node-name=disk").rootPort("port0"));
        assertThatThrownBy(() -> virtio.registry().attach(
            DeviceAddress.parse("pci:0000:01:00.0"), "disk")).hasMessageContaining("no access path");
        machine.plug(PLUGGED);
        attach("").write(0, ByteBuffer.wrap(bytes(1)));
        for (int round = 0; round < 3; round++) {
            PciAddress place = machine.address("disk");
            machine.unplug("disk");
            listener().removed(place);
            virtio.awaitNoBlock("disk");
            assertDeclared("the host asks for the function back");
            assertThat(machine.plug(PLUGGED)).isEqualTo(place);
            listener().appeared(place);
            assertThat(read(virtio.block("disk"), 0)).isEqualTo(bytes(1));
        }
    }

    private FunctionListener listener() {
        return virtio.service(FunctionListener.class);
    }

    private void assertDeclared(String reason) {
        Await.until("the device is declared", () -> "declared".equals(virtio.dump("disk").state));
        assertThat(virtio.dump("disk").failure).endsWith(reason);
        assertThat(virtio.references(VirtioDevice.class, null)).as("it is declared once it is closed").isEmpty();
        assertThat(virtio.references(BlockDevice.class, null)).isEmpty();
    }

    /** Under load all the time, and asked for: what is in flight ends, one way or the other, and nothing hangs. */
    @Test
    public void aDeviceThatIsAskedForUnderLoadIsLetGoOf() throws Exception {
        start(QtestMachine.builder().blockdev(file() + ",node-name=disk").rootPort("port0"));
        machine.plug(PLUGGED);
        BlockDevice device = attach("");
        Load load = new Load(device);
        load.awaitProgress();
        machine.unplug("disk");
        load.awaitEnd();
        assertDeclared("the host asks for the function back");
        assertThatThrownBy(() -> read(device, 0)).isInstanceOf(BlockException.class);
    }

    /** Its back end keeps all requests from the third on, and so does not end them when the device goes. */
    @Test
    public void aDeviceThatIsPulledOutUnderLoadFailsWhatItHas() throws Exception {
        String socket = folder.getRoot().toPath().resolve("disk.sock").toString();
        virtio.target(TargetOptions.ram(socket, 4 * MIB).withFaults("stall@3+"));
        start(QtestMachine.builder().option("-chardev", "socket,id=target,path=" + socket).rootPort("port0"));
        machine.plug("vhost-user-blk-pci,id=disk,chardev=target,bus=port0,disable-legacy=on,num-queues=1");
        List<CompletableFuture<Void>> reads = reads(attach(""));
        Await.until("requests are in flight", () -> virtio.dump("disk").queues.get(0).inFlight > 0);
        PciAddress place = machine.address("disk");
        machine.remove("disk");
        listener().removed(place);
        assertThat(end(reads)).isGreaterThan(REQUESTS / 2);
        assertDeclared(" was removed from the host");
    }

    /** Nobody tells: whoever asks the device next finds out, and the device has failed. */
    @Test
    public void aDeviceThatIsGoneIsFoundOutByAskingIt() throws Exception {
        start(QtestMachine.builder().blockdev(file() + ",node-name=disk").rootPort("port0"));
        machine.plug(PLUGGED);
        attach("&grace=0");
        machine.remove("disk");
        // A dump reads the status.
        virtio.dump("disk");
        assertThat(virtio.awaitFailure("disk")).contains("reads all ones");
        virtio.awaitNoBlock("disk");
    }

    /** What a process that emulates a device can do at worst. */
    @Test
    public void aMachineThatDiesFailsItsDevices() throws Exception {
        startSlow();
        List<CompletableFuture<Void>> reads = reads(attach("&grace=0"));
        machine.kill();
        virtio.dump("disk");
        assertThat(end(reads)).isGreaterThan(REQUESTS / 2);
        assertThat(virtio.awaitFailure("disk")).isNotBlank();
        virtio.awaitNoBlock("disk");
    }
}
