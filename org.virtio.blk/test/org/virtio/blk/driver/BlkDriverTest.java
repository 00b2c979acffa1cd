// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockQueue;
import org.virtio.device.DeviceProperties;
import org.virtio.device.VirtioException;
import org.virtio.spec.BlkConfigLayout;

@Timeout(60)
class BlkDriverTest {
    private final FakeDevice fake = Fixture.capable();
    private final FakeFramework framework = new FakeFramework();
    private final BlockingQueue<String> news = framework.news;
    private final BlkDriver driver = new BlkDriver(framework.context(), FakeFramework.config(0, 1));

    private void bind() {
        bind(fake);
    }

    private void bind(FakeDevice device) {
        driver.bind(device, Map.of(DeviceProperties.NAME, "disk0", DeviceProperties.TYPE, "blk",
            DeviceProperties.TRANSPORT, "fake", DeviceProperties.ADDRESS, "fake:0", DeviceProperties.STATE, "open",
            "service.id", 7L));
    }

    @AfterEach
    void stop() {
        driver.deactivate();
    }

    @Test
    void aDeviceBecomesAServiceUntilItIsUnbound() throws Exception {
        bind();
        assertThat(news.take()).isEqualTo("registered");
        assertThat(framework.properties.toString()).contains("virtio.name=disk0", "virtio.type=blk", "virtio.transport=fake",
            "virtio.address=fake:0", "virtio.state=ready").doesNotContain("service.id");
        framework.service.flush();
        driver.unbind(fake);
        assertThat(news.take()).isEqualTo("unregister");
        assertThat(fake.stops).isEqualTo(1);
        assertThat(fake.memory.allocated()).isZero();
        assertThat(fake.listeners).isEmpty();
        assertThatThrownBy(framework.service::flush).isInstanceOf(BlockDeviceGoneException.class)
            .hasMessage("disk0: the device is being detached");
    }

    @Test
    void aDeviceThatFailsLosesItsServiceAndIsStoppedWhenUnbound() throws Exception {
        bind();
        assertThat(news.take()).isEqualTo("registered");
        fake.queues.get(0).hold(true);
        CompletableFuture<Void> pending = framework.service.flushAsync();
        fake.queues.get(0).awaitAvailable(1);
        fake.fail("connection lost");
        assertThat(news.take()).isEqualTo("unregister");
        assertThatThrownBy(pending::join).hasCauseInstanceOf(BlockDeviceGoneException.class)
            .hasMessageEndingWith("connection lost");
        assertThat(fake.stops).isZero();
        driver.unbind(fake);
        assertThat(fake.stops).isEqualTo(1);
        assertThat(news).isEmpty();
    }

    @Test
    void aDeviceThatMakesNoSenseGetsNoService() {
        fake.config(BlkConfigLayout.NUM_QUEUES, 2, 0);
        bind();
        assertThat(news).isEmpty();
        assertThat(fake.failure()).as("said where the device is looked at").contains("num_queues");
        assertThat(fake.stops).isEqualTo(1);
        driver.unbind(fake);
    }

    @Test
    void stoppingTheDriverLetsGoOfAllDevices() throws Exception {
        bind();
        driver.deactivate();
        assertThat(List.copyOf(news)).containsExactly("registered", "unregister");
        assertThat(fake.stops).isEqualTo(1);
    }

    @Test
    void capacityIsReadOnAnotherThreadThanTheTransports() throws Exception {
        bind();
        CompletableFuture<String> told = new CompletableFuture<>();
        framework.service.addListener((device, before, now) -> {
            throw new IllegalStateException("a listener that fails does not keep others from hearing");
        });
        framework.service.addListener((device, before, now) ->
            told.complete(before + " to " + now + " on " + Thread.currentThread().getName()));
        fake.config(BlkConfigLayout.CAPACITY, 8, 4096);
        fake.listeners.forEach(listener -> listener.configurationChanged(fake));

        assertThat(told.get()).isEqualTo("1048576 to 2097152 on virtio-blk disk0 events");
        assertThat(framework.service.capacity()).isEqualTo(2097152);
    }

    @Test
    void anyNumberOfAnnouncementsDuringAReloadLeadToOneMore() throws Exception {
        bind();
        CompletableFuture<Long> told = new CompletableFuture<>();
        framework.service.addListener((device, before, now) -> told.complete(now));
        int before = fake.configReads.get();
        fake.configGate = new CountDownLatch(1);
        fake.listeners.forEach(listener -> listener.configurationChanged(fake));
        awaitReads(fake, before + 1);
        for (int i = 0; i < 10_000; i++) {
            fake.listeners.forEach(listener -> listener.configurationChanged(fake));
        }
        fake.configGate.countDown();
        awaitReads(fake, before + 2);
        fake.config(BlkConfigLayout.CAPACITY, 8, 4096);
        fake.listeners.forEach(listener -> listener.configurationChanged(fake));

        assertThat(told.get()).isEqualTo(2097152);
        assertThat(fake.configReads.get() - before).as("one under way, one for the rest, and the last").isBetween(2, 3);
    }

    private static void awaitReads(FakeDevice device, int count) throws InterruptedException {
        while (device.configReads.get() < count) {
            Thread.sleep(1);
        }
    }

    @Test
    void aDeviceThatDoesNotAnswerHoldsUpNoOther() throws Exception {
        bind();
        fake.configGate = new CountDownLatch(1);
        int before = fake.configReads.get();
        fake.listeners.forEach(listener -> listener.configurationChanged(fake));
        awaitReads(fake, before + 1);
        FakeDevice other = Fixture.capable();
        other.name = "disk1";
        bind(other);
        CompletableFuture<Long> told = new CompletableFuture<>();
        framework.service.addListener((device, was, now) -> told.complete(now));
        other.config(BlkConfigLayout.CAPACITY, 8, 4096);
        other.listeners.forEach(listener -> listener.configurationChanged(other));
        assertThat(told.get(10, TimeUnit.SECONDS)).isEqualTo(2097152);
        fake.configGate.countDown();
    }

    @Test
    void stoppingTheDriverWaitsForWhatItsEventsDo() throws Exception {
        bind();
        CompletableFuture<Boolean> stoppedBefore = new CompletableFuture<>();
        CompletableFuture<Thread> told = new CompletableFuture<>();
        framework.service.addListener((device, before, now) -> {
            told.complete(Thread.currentThread());
            try {
                Thread.sleep(200);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            stoppedBefore.complete(fake.stops > 0);
        });
        fake.config(BlkConfigLayout.CAPACITY, 8, 4096);
        fake.listeners.forEach(listener -> listener.configurationChanged(fake));
        Thread thread = told.get();
        driver.deactivate();
        assertThat(stoppedBefore).as("ended before the driver has").isCompletedWithValue(false);
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void aListenerMayDetachItsDevice() throws Exception {
        bind();
        CompletableFuture<Void> detached = new CompletableFuture<>();
        framework.service.addListener((device, before, now) -> {
            driver.unbind(fake);
            detached.complete(null);
        });
        fake.config(BlkConfigLayout.CAPACITY, 8, 4096);
        fake.listeners.forEach(listener -> listener.configurationChanged(fake));
        detached.get(2, TimeUnit.SECONDS);
    }

    @Test
    void aDeviceWithoutAQueueThatWorksLosesItsServiceAndSaysWhy() throws Exception {
        fake.config(BlkConfigLayout.NUM_QUEUES, 2, 2);
        bind();
        assertThat(news.take()).isEqualTo("registered");
        try (BlockQueue one = framework.service.openQueue()) {
            framework.service.flush();
            FakeQueue polled = fake.queues.get(1 - one.index());
            Thread poller = polled.owner;
            polled.breakQueue("the device lied");
            poller.join();
            assertThat(news.poll(50, TimeUnit.MILLISECONDS)).as("one queue is left").isNull();
            assertThat(fake.failure()).isNull();
            fake.queues.get(one.index()).breakQueue("it lied again");
            one.poll(1);
            assertThat(news.take()).isEqualTo("unregister");
            assertThat(fake.failure()).startsWith("no queue works any more: ").contains("the device lied", "it lied again");
        }
        assertThatThrownBy(framework.service::flush).isInstanceOf(BlockDeviceGoneException.class);
        assertThat(fake.stops).as("it is still the driver's").isZero();
        driver.unbind(fake);
        assertThat(fake.stops).isEqualTo(1);
        assertThat(fake.memory.allocated()).isZero();
        assertThat(news).isEmpty();
    }

    @Test
    void aConfigurationThatCannotBeReadChangesNothing() throws Exception {
        bind();
        CompletableFuture<Long> told = new CompletableFuture<>();
        framework.service.addListener((device, before, now) -> told.complete(now));
        fake.configFailure = new VirtioException("no answer");
        fake.config(BlkConfigLayout.CAPACITY, 8, 16);
        ((BlkDevice) framework.service).reloadCapacity();
        assertThat(framework.service.capacity()).isEqualTo(1048576);
        fake.configFailure = null;
        ((BlkDevice) framework.service).reloadCapacity();
        assertThat(told.get()).isEqualTo(8192);
    }

    @Test
    void theIdIsPartOfTheSnapshot() throws Exception {
        bind();
        assertThat(framework.service.id()).isEqualTo("disk");
        assertThat(framework.service.dump().id).isEqualTo("disk");
        assertThat(framework.service.dump().capacity).isEqualTo(1048576);
    }

    @Test
    void configurationOutOfRangeIsRefusedWithTheNumber() {
        driver.modified(FakeFramework.config(1_000_000, 60_000));
        assertThatThrownBy(() -> driver.modified(FakeFramework.config(1_000_001, 1))).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("spinMicros 1000001 is not from 0 to 1000000");
        assertThatThrownBy(() -> driver.modified(FakeFramework.config(0, -1))).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("drainMillis -1 is not from 0 to 60000");
    }
}
