// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.virtio.device.VirtioException;
import org.virtio.posix.EventFd;
import org.virtio.spec.DeviceStatus;
import org.virtio.transport.QueueNotifier;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.ProtocolFeature;

/** One queue of a running device is reset and set up again. */
class QueueResetTest extends ScriptedTest {
    private static final long ACKNOWLEDGED = ProtocolFeature.REPLY_ACK.mask();
    private static final List<String> STOPPED = List.of("SET_VRING_ENABLE 0 0!", "GET_VRING_BASE 0 0");

    private static List<String> started(int size) {
        return List.of("SET_VRING_NUM 0 " + size + "!", "SET_VRING_BASE 0 0!", "SET_VRING_ADDR!", "SET_VRING_CALL 0x0!",
            "SET_VRING_KICK 0x0!", "SET_VRING_ENABLE 0 1!");
    }

    @Test
    void itsMessagesAndNoOthers() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ACKNOWLEDGED | ProtocolFeature.STATUS.mask());
             VhostUserTransport transport = open(backEnd.start(), "")) {
            start(transport, 2);
            backEnd.told.clear();
            transport.resetQueue(0);
            assertThat(backEnd.told).containsExactlyElementsOf(STOPPED);
            assertThat(transport.details()).containsEntry("queues", List.of("1: 256 descriptors"));
            backEnd.told.clear();
            transport.setUpQueue(queue(0, 64));
            assertThat(backEnd.told).containsExactlyElementsOf(started(64));
            assertThat(transport.details()).containsEntry("queues", List.of("1: 256 descriptors", "0: 64 descriptors"));
            backEnd.told.clear();
            transport.status(DeviceStatus.RESET);
            assertThat(backEnd.told).containsExactly("SET_VRING_ENABLE 1 0!", "GET_VRING_BASE 1 0",
                "SET_VRING_ENABLE 0 0!", "GET_VRING_BASE 0 0", "SET_STATUS 0x0!");
        }
    }

    @Test
    void aBackEndWithoutProtocolFeatures() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0)) {
            backEnd.features = 0x1_1000_0000L;
            try (VhostUserTransport transport = open(backEnd.start(), "")) {
                start(transport, 1);
                backEnd.told.clear();
                transport.resetQueue(0);
                transport.setUpQueue(queue(0, 64));
                assertThat(backEnd.told).containsExactly("GET_VRING_BASE 0 0", "SET_VRING_NUM 0 64", "SET_VRING_BASE 0 0",
                    "SET_VRING_ADDR", "SET_VRING_CALL 0x0", "SET_VRING_KICK 0x0", "GET_FEATURES");
            }
        }
    }

    @Test
    void beforeTheDeviceRunsTheBackEndIsToldNothing() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ACKNOWLEDGED);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            transport.status(DeviceStatus.RESET);
            transport.driverFeatures(transport.deviceFeatures());
            backEnd.told.clear();
            transport.setUpQueue(queue(0, 256));
            transport.resetQueue(0);
            transport.resetQueue(0);
            assertThat(backEnd.told).isEmpty();
            assertThat(transport.details()).containsEntry("queues", List.of());
        }
    }

    @Test
    void theOldNotificationsEndAndTheNewOnesWork() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ACKNOWLEDGED);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            QueueNotifier before = start(transport, 1)[0];
            final long open = openFileDescriptors();
            Thread waiter = new Thread(() -> before.await(TimeUnit.MINUTES.toNanos(5)));
            waiter.start();
            while (Stream.of(waiter.getStackTrace()).noneMatch(frame -> frame.getClassName().endsWith(".PollWait"))) {
                Thread.onSpinWait();
            }
            transport.resetQueue(0);
            waiter.join(TimeUnit.SECONDS.toMillis(10));
            assertThat(waiter.isAlive()).as("still waits").isFalse();
            assertThat(openFileDescriptors()).isEqualTo(open - 2);
            before.notifyDevice(0);
            before.wakeup();
            assertThat(before.await(TimeUnit.MINUTES.toNanos(5))).isFalse();
            backEnd.eventFds.take().close();
            backEnd.eventFds.take().close();
            QueueNotifier after = transport.setUpQueue(queue(0, 256));
            try (EventFd call = backEnd.eventFds.take(); EventFd kick = backEnd.eventFds.take()) {
                call.signal();
                assertThat(after.await(0)).isTrue();
                after.notifyDevice(0);
                assertThat(kick.drain()).isTrue();
            }
        }
    }

    @Test
    void aBackEndThatUsesNothingIsResetAllTheSameWithAWarning() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ACKNOWLEDGED); TestRegion region = new TestRegion(65536);
             VhostUserTransport transport = open(backEnd.start(), "?reply_timeout=900")) {
            BlockReader reader = reader(transport, region);
            assertThat(logOf(() -> transport.resetQueue(0))).as("the log where there is nothing to use").isEmpty();
            reader.setUp(transport, 0);
            reader.submit();
            backEnd.told.clear();
            assertThat(logOf(() -> transport.resetQueue(0))).contains("Queue 0 of vhost-user:" + backEnd.path()
                + ": the back end has requests that it did not use within 900 ms; it is trusted");
            assertThat(backEnd.told).containsExactlyElementsOf(STOPPED);
        }
    }

    /** It would not sleep, and kick as fast as it can. */
    @Test
    void anInterruptedThreadWaitsTooAndStaysInterrupted() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ACKNOWLEDGED); TestRegion region = new TestRegion(65536);
             VhostUserTransport transport = open(backEnd.start(), "?reply_timeout=900")) {
            reader(transport, region).submit();
            Thread.currentThread().interrupt();
            transport.resetQueue(0);
            assertThat(Thread.interrupted()).as("interrupted").isTrue();
            backEnd.eventFds.take().close();
            try (EventFd kick = backEnd.eventFds.take()) {
                assertThat(signals(kick)).as("kicks, about one in a millisecond").isBetween(2L, 1000L);
            }
        }
    }

    private BlockReader reader(VhostUserTransport transport, TestRegion region) throws VirtioException {
        map(transport, region);
        start(transport, 0);
        BlockReader reader = new BlockReader(region, 16);
        reader.setUp(transport, 0);
        return reader;
    }

    /** How often it was signalled: proc(5). */
    private static long signals(EventFd eventFd) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/fdinfo", Integer.toString(eventFd.fd().intValue()))).stream()
            .filter(line -> line.startsWith("eventfd-count:"))
            .map(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip(), 16)).findFirst().orElseThrow();
    }

    /** What is logged meanwhile. */
    private static String logOf(Step step) throws Exception {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            step.run();
        } finally {
            System.setErr(before);
        }
        return log.toString(StandardCharsets.UTF_8);
    }

    private interface Step {
        void run() throws Exception;
    }

    @Test
    void aQueueIsSetUpOnlyOnce() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ACKNOWLEDGED);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            start(transport, 1);
            backEnd.told.clear();
            assertThatThrownBy(() -> transport.setUpQueue(queue(0, 256))).isInstanceOf(IllegalStateException.class)
                .hasMessage("queue 0 is set up already");
            assertThat(backEnd.told).isEmpty();
        }
    }

    @Test
    void aResetThatIsRefusedLeavesTheQueueToBeStopped() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ACKNOWLEDGED);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            start(transport, 1);
            backEnd.misbehave(FrontEndRequest.SET_VRING_ENABLE,
                (request, channel) -> channel.send(request.acknowledgement(false)));
            assertThatThrownBy(() -> transport.resetQueue(0)).isInstanceOf(VirtioException.class)
                .hasMessage("the back end refused SET_VRING_ENABLE (it answered 1)");
            backEnd.behave();
            backEnd.told.clear();
            transport.status(DeviceStatus.RESET);
            assertThat(backEnd.told).containsExactlyElementsOf(STOPPED);
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    /** Whichever step is refused: the queue can be reset and set up again, and a reset of the device stops it. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = "SET_VRING_(NUM|BASE|ADDR|CALL|KICK|ENABLE)")
    void aSetUpThatIsRefusedHalfway(FrontEndRequest refused) throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ACKNOWLEDGED);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            start(transport, 1);
            transport.resetQueue(0);
            backEnd.misbehave(refused, (request, channel) -> channel.send(request.acknowledgement(false)));
            assertThatThrownBy(() -> transport.setUpQueue(queue(0, 64))).isInstanceOf(VirtioException.class)
                .hasMessage("the back end refused " + refused + " (it answered 1)");
            backEnd.behave();
            backEnd.told.clear();
            transport.resetQueue(0);
            assertThat(backEnd.told).containsExactlyElementsOf(STOPPED);
            backEnd.told.clear();
            transport.setUpQueue(queue(0, 256));
            assertThat(backEnd.told).containsExactlyElementsOf(started(256));
            backEnd.told.clear();
            transport.status(DeviceStatus.RESET);
            assertThat(backEnd.told).containsExactlyElementsOf(STOPPED);
        }
        assertThat(listener.toldNothing()).isTrue();
    }
}
