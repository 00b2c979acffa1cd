// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.pci.access.FunctionListener;
import org.virtio.pci.access.PciAddress;
import org.virtio.posix.Errno;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.OpenResources;
import org.virtio.posix.PosixException;

/** A kernel that says what the test has it say, heard by the thread that would hear the real one. */
class UeventWatcherTest {
    private static final String THREAD = "virtio-pci uevents";
    private static final String ADDRESS = "0000:00:05.0";
    private static final String VIRTIO = "PCI_ID=1AF4:1042";

    @TempDir
    private Path root;
    private FakeHost host;
    private Kernel kernel;
    private UeventWatcher watcher;
    private long descriptors;
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final FunctionListener listener = new FunctionListener() {
        @Override
        public void appeared(PciAddress address) {
            told.add("appeared " + address + " on " + Thread.currentThread().getName());
        }

        @Override
        public void unbound(PciAddress address) {
            told.add("unbound " + address + " on " + Thread.currentThread().getName());
        }

        @Override
        public void removed(PciAddress address) {
            told.add("removed " + address + " on " + Thread.currentThread().getName());
        }
    };

    /** Messages, or errors in their place. */
    private static final class Kernel implements UeventSource {
        private final EventFd readable = EventFd.create();
        private final Queue<Object> messages = new ConcurrentLinkedQueue<>();
        private final Semaphore failed = new Semaphore(0);

        Kernel() throws PosixException {
        }

        void says(String action, String address, String... more) {
            messages.add(UeventTest.message(action + "@/devices/pci0000:00/" + address, "ACTION=" + action, "SUBSYSTEM=pci",
                "PCI_SLOT_NAME=" + address, String.join("\0", more)));
            readable.signal();
        }

        void fails(int errno) {
            messages.add(new PosixException("recvmsg", errno));
            readable.signal();
        }

        @Override
        public FileDescriptor fd() {
            return readable.fd();
        }

        @Override
        public byte[] receive() throws PosixException {
            readable.drain();
            Object next = messages.poll();
            if (!messages.isEmpty()) {
                readable.signal();
            }
            if (next instanceof PosixException failure) {
                failed.release();
                throw failure;
            }
            return (byte[]) next;
        }

        @Override
        public void close() {
            readable.close();
        }
    }

    @BeforeEach
    void boot() throws Exception {
        descriptors = OpenResources.fileDescriptors();
        host = new FakeHost(root);
        kernel = new Kernel();
    }

    private void watch() {
        watcher = new UeventWatcher(listener, new PciSysfs(host.sysfs), () -> kernel);
    }

    @AfterEach
    void nothingIsLeft() {
        watcher.deactivate();
        watcher.deactivate();
        kernel.close();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(descriptors);
        assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().equals(THREAD));
        assertThat(told).as("what nobody expected").isEmpty();
    }

    private void assertTold(String what) throws InterruptedException {
        assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo(what + " on " + THREAD);
    }

    /** What was said before has been heard when this returns. */
    private void assertNothingElseTold() throws InterruptedException {
        kernel.says("add", "00ff:00:1f.7", VIRTIO);
        assertTold("appeared 00ff:00:1f.7");
    }

    @Test
    void aFunctionThatComesAndGoesIsTold() throws Exception {
        watch();
        kernel.says("add", ADDRESS, VIRTIO);
        assertTold("appeared " + ADDRESS);
        kernel.says("bind", ADDRESS, VIRTIO, "DRIVER=virtio-pci");
        assertTold("appeared " + ADDRESS);
        kernel.says("unbind", ADDRESS, VIRTIO);
        assertTold("unbound " + ADDRESS);
        kernel.says("remove", ADDRESS, VIRTIO);
        assertTold("removed " + ADDRESS);
        assertNothingElseTold();
    }

    @Test
    void otherFunctionsAreNotTold() throws Exception {
        host.function("0000:00:06.0", 0x8086, 0x1042);
        watch();
        kernel.says("add", ADDRESS, "PCI_ID=8086:10D3");
        kernel.says("remove", ADDRESS, "PCI_ID=8086:10D3");
        kernel.says("add", "0000:00:06.0");
        kernel.says("add", "nonsense", VIRTIO);
        kernel.says("change", ADDRESS, VIRTIO);
        assertNothingElseTold();
    }

    @Test
    void whereTheKernelDoesNotSayWhatItIsSysfsDoes() throws Exception {
        host.function(ADDRESS, 0x1042);
        watch();
        kernel.says("bind", ADDRESS);
        assertTold("appeared " + ADDRESS);
    }

    @Test
    void whatWasThereFromTheBeginningIsKnownWhenItGoes() throws Exception {
        host.bound(ADDRESS, 0x1042);
        watch();
        Files.delete(host.sysfs.resolve("bus/pci/devices/" + ADDRESS));
        kernel.says("remove", ADDRESS);
        assertTold("removed " + ADDRESS);
    }

    @Test
    void aFunctionThatIsToStayWithoutDriverCanBeHad() throws Exception {
        Path function = host.function(ADDRESS, 0x1042);
        watch();
        FakeHost.file(function, "driver_override", "uio_pci_generic");
        kernel.says("unbind", ADDRESS, VIRTIO);
        assertTold("unbound " + ADDRESS);
        assertNothingElseTold();
        FakeHost.file(function, "driver_override", "none");
        kernel.says("unbind", ADDRESS, VIRTIO);
        assertTold("unbound " + ADDRESS);
        assertTold("appeared " + ADDRESS);
    }

    @Test
    void afterLostMessagesSysfsIsComparedWithWhatWasKnown() throws Exception {
        host.bound("0000:00:01.0", 0x1042);
        host.bound("0000:00:02.0", 0x1042);
        Path handedOver = host.bound("0000:00:03.0", 0x1042);
        Path unbound = host.bound("0000:00:04.0", 0x1042);
        Path left = host.bound("0000:00:05.0", 0x1042);
        watch();
        Files.delete(host.sysfs.resolve("bus/pci/devices/0000:00:02.0"));
        host.bind(handedOver, "vfio-pci");
        unbind(unbound);
        unbind(left);
        FakeHost.file(left, "driver_override", "none");
        host.function("0000:00:06.0", 0x1042);
        kernel.fails(Errno.ENOBUFS);
        assertTold("removed 0000:00:02.0");
        assertThat(new String[] {told.poll(30, TimeUnit.SECONDS), told.poll(30, TimeUnit.SECONDS),
            told.poll(30, TimeUnit.SECONDS), told.poll(30, TimeUnit.SECONDS), told.poll(30, TimeUnit.SECONDS)})
            .containsExactlyInAnyOrder("appeared 0000:00:03.0 on " + THREAD, "unbound 0000:00:04.0 on " + THREAD,
                "unbound 0000:00:05.0 on " + THREAD, "appeared 0000:00:05.0 on " + THREAD,
                "appeared 0000:00:06.0 on " + THREAD);
        kernel.fails(Errno.EMSGSIZE);
        assertNothingElseTold();
    }

    private static void unbind(Path function) throws IOException {
        Files.delete(function.resolve("driver"));
    }

    @Test
    void aSocketThatIsBrokenIsNotAskedAgain() throws Exception {
        watch();
        kernel.fails(Errno.ENOMEM);
        assertThat(kernel.failed.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
        kernel.says("add", ADDRESS, VIRTIO);
        watcher.deactivate();
        assertThat(kernel.messages).hasSize(1);
    }

    @Test
    void withoutASocketItLivesOn() {
        watcher = new UeventWatcher(listener, new PciSysfs(host.sysfs), () -> {
            throw new PosixException("socket", Errno.EPERM);
        });
        assertThat(told).isEmpty();
    }

    @Test
    void theRealKernelCanBeListenedTo() {
        watcher = new UeventWatcher(listener);
        assertThat(Thread.getAllStackTraces().keySet()).anyMatch(thread -> thread.getName().equals(THREAD));
    }
}
