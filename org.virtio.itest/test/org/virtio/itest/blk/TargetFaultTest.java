// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockIoErrorException;
import org.virtio.blk.BlockUnsupportedException;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.Failures;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/**
 * A device that misbehaves: every request ends exactly once and with a reason, nothing is left of it, and another device
 * beside it does not notice.
 */
public class TargetFaultTest extends FelixTest {
    private static final int MIB = 1 << 20;
    /** The first requests are the driver's own business. */
    private static final int FAULTY = 50;
    private static final int REQUESTS = 200;
    /** More than the driver makes by itself. */
    private static final int OWN_REQUESTS = 5;
    private static final List<String> FORMATS =
        List.of("packed=on", "packed=on&in_order=off", "packed=off", "packed=off&in_order=off&indirect=off&event_idx=off");
    /** An id may have been given to another request, which is on its way to the device. */
    private static final String NOT_IN_FLIGHT = "is not in flight|has not been made available";
    /** What a split ring in order says. */
    private static final String NOT_NEXT = "is the head of none of the next \\d+ requests in order";

    /** For sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private BlockDevice other;

    @Before
    public void attachAnother() throws Exception {
        other = virtio.attach(serve("other", null), "other");
    }

    @Test
    public void wrongIdBreaksTheQueue() throws Exception {
        breakInEveryFormat("wrong-id", "is not one of a queue of|" + NOT_NEXT);
    }

    @Test
    public void idThatIsNotInFlightBreaksTheQueue() throws Exception {
        breakInEveryFormat("id-not-in-flight", NOT_IN_FLIGHT + "|" + NOT_NEXT);
    }

    /** Either the second use is one of no request, or there is one use more than there are requests: what is seen first. */
    @Test
    public void duplicateBreaksTheQueue() throws Exception {
        breakInEveryFormat("duplicate", NOT_IN_FLIGHT + "|" + NOT_NEXT + "|but only \\d+ requests are in flight");
    }

    @Test
    public void lengthBeyondWhatWasWritableBreaksTheQueue() throws Exception {
        breakInEveryFormat("long-length", "writable");
    }

    /** A packed ring has no index that the device could move: there it is a stall. */
    @Test
    public void usedIndexThatRanAheadBreaksTheQueue() throws Exception {
        for (String order : List.of("on", "off")) {
            assertThat(breaks("index-jump", "packed=off&in_order=" + order)).contains("index");
        }
    }

    private void breakInEveryFormat(String fault, String reason) throws Exception {
        for (String format : FORMATS) {
            assertThat(breaks(fault, format)).as(format).containsPattern(reason);
        }
    }

    private String breaks(String fault, String format) throws Exception {
        BlockDevice device = virtio.attach(serve("disk", fault + "@" + FAULTY) + "?" + format, "disk");
        int good = 0;
        for (CompletableFuture<Void> future : reads(device)) {
            Throwable end = end(future);
            if (end == null) {
                good++;
            } else {
                assertThat(end).isInstanceOf(BlockException.class);
                assertThat(end.getMessage()).isNotBlank();
            }
        }
        assertThat(good).as(format).isLessThan(REQUESTS);
        String reason = virtio.awaitBroken("disk");
        assertThatThrownBy(() -> device.read(0, ByteBuffer.allocate(512))).isInstanceOf(BlockException.class)
            .hasMessageContaining(reason);
        otherWorks();
        forget("disk");
        return reason;
    }

    private void forget(String name) throws Exception {
        virtio.registry().detach(name);
        virtio.service(TargetManager.class).delete(folder.getRoot() + "/" + name + ".sock");
    }

    @Test
    public void disconnectFailsTheDevice() throws Exception {
        BlockDevice device = virtio.attach(serve("disk", "disconnect@" + FAULTY) + "?grace=0", "disk");
        long failed = reads(device).stream().map(TargetFaultTest::end).filter(BlockDeviceGoneException.class::isInstance).count();
        assertThat(failed).isPositive();
        assertThat(virtio.awaitFailure("disk")).isNotBlank();
        otherWorks();
    }

    @Test
    public void stalledRequestHoldsUpNoOtherAndEndsWhenTheDeviceIsDetached() throws Exception {
        BlockDevice device = virtio.attach(serve("disk", "stall@" + FAULTY) + "?in_order=off", "disk");
        List<CompletableFuture<Void>> reads = reads(device);
        Await.until("all but one have ended", () -> pending(reads) == 1);
        otherWorks();
        virtio.registry().detach("disk");
        assertThat(gone(reads)).isEqualTo(1);
    }

    @Test
    public void stallInOrderHoldsUpAllThatFollowAndTheyEndWhenTheDeviceIsDetached() throws Exception {
        for (String stall : List.of("stall packed=off", "index-jump packed=on")) {
            String fault = stall.substring(0, stall.indexOf(' '));
            String format = stall.substring(stall.indexOf(' ') + 1);
            BlockDevice device = virtio.attach(serve("disk", fault + "@" + FAULTY) + "?" + format, "disk");
            List<CompletableFuture<Void>> reads = reads(device);
            Await.until("those before have ended, " + stall, () -> pending(reads) <= REQUESTS - FAULTY + OWN_REQUESTS);
            otherWorks();
            forget("disk");
            assertThat(gone(reads)).as(stall).isBetween(REQUESTS - FAULTY, REQUESTS - FAULTY + OWN_REQUESTS);
        }
    }

    private static long pending(List<CompletableFuture<Void>> reads) {
        return reads.stream().filter(future -> !future.isDone()).count();
    }

    private static int gone(List<CompletableFuture<Void>> reads) {
        return (int) reads.stream().map(TargetFaultTest::end).filter(BlockDeviceGoneException.class::isInstance).count();
    }

    @Test
    public void errorsAreThoseOfTheirRequestsAndTheDeviceGoesOn() throws Exception {
        assertThat(failsOne("ioerr")).isInstanceOf(BlockIoErrorException.class);
        assertThat(failsOne("unsupp")).isInstanceOf(BlockUnsupportedException.class);
        assertThat(failsOne("garbage-status")).isInstanceOf(BlockException.class);
    }

    @Test
    public void aStatusThatWasNotWrittenIsNoSuccess() throws Exception {
        assertThat(failsOne("no-status")).isInstanceOf(BlockException.class);
        assertThat(failsOne("short-length")).isInstanceOf(BlockException.class);
    }

    private Throwable failsOne(String fault) throws Exception {
        BlockDevice device = virtio.attach(serve(fault, fault + "@" + FAULTY), fault);
        List<Throwable> failures = reads(device).stream().map(TargetFaultTest::end).filter(end -> end != null).toList();
        assertThat(failures).as(fault).hasSize(1);
        device.read(0, ByteBuffer.allocate(512));
        otherWorks();
        return failures.get(0);
    }

    @Test
    public void reorderingIsAllowedWithoutInOrder() throws Exception {
        for (String packed : List.of("on", "off")) {
            BlockDevice device = virtio.attach(serve("disk", "reorder") + "?in_order=off&packed=" + packed, "disk");
            assertThat(reads(device).stream().map(TargetFaultTest::end)).as("packed=" + packed).containsOnlyNulls();
            forget("disk");
        }
    }

    @Test
    public void deviceThatAnswersNoMessageIsNotAttachedAndNothingIsLeft() throws Exception {
        for (String message : List.of("GET_FEATURES", "GET_PROTOCOL_FEATURES", "GET_QUEUE_NUM", "GET_CONFIG")) {
            for (String fault : List.of("no-reply", "garbage-reply", "close")) {
                refusesToAttach(fault + "@" + message);
            }
        }
    }

    private void refusesToAttach(String fault) throws Exception {
        String name = fault.replace('@', '-').replace('_', '-');
        String path = serve(name, fault);
        DeviceAddress address = DeviceAddress.parse("vhost-user:" + path + "?reply_timeout=200&grace=0");
        try {
            virtio.registry().attach(address, name);
            // What only the driver asks for makes the driver fail, and not the attaching.
            assertThat(virtio.awaitFailure(name)).as(fault).isNotBlank();
            virtio.registry().detach(name);
        } catch (VirtioException e) {
            assertThat(e.getMessage()).as(fault).contains(path);
        }
        virtio.awaitNoBlock(name);
        otherWorks();
    }

    private String serve(String name, String faults) throws Exception {
        return virtio.target(TargetOptions.ram(folder.getRoot() + "/" + name + ".sock", MIB).withFaults(faults)).path;
    }

    private static List<CompletableFuture<Void>> reads(BlockDevice device) {
        List<CompletableFuture<Void>> reads = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            reads.add(device.readAsync(i * 512L, ByteBuffer.allocate(512)));
        }
        return reads;
    }

    /** Why a request failed; null if it did not. */
    private static Throwable end(CompletableFuture<Void> future) {
        try {
            future.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
            return null;
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException | TimeoutException e) {
            throw Failures.in("a request has not ended", e);
        }
    }

    private void otherWorks() throws Exception {
        other.write(0, ByteBuffer.allocate(512));
        other.read(0, ByteBuffer.allocate(512));
    }
}
