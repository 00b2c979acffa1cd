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
        assertThat(breaks("wrong-id")).containsPattern("id|descriptor");
    }

    @Test
    public void idThatIsNotInFlightBreaksTheQueue() throws Exception {
        assertThat(breaks("id-not-in-flight")).containsPattern("flight|id");
    }

    @Test
    public void duplicateBreaksTheQueue() throws Exception {
        assertThat(breaks("duplicate")).isNotBlank();
    }

    @Test
    public void lengthBeyondWhatWasWritableBreaksTheQueue() throws Exception {
        assertThat(breaks("long-length")).contains("writable");
    }

    @Test
    public void usedIndexThatRanAheadBreaksTheQueue() throws Exception {
        assertThat(breaks("index-jump")).contains("index");
    }

    private String breaks(String fault) throws Exception {
        BlockDevice device = virtio.attach(serve("disk", fault + "@" + FAULTY), "disk");
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
        assertThat(good).isLessThan(REQUESTS);
        String reason = virtio.awaitBroken("disk");
        assertThatThrownBy(() -> device.read(0, ByteBuffer.allocate(512))).isInstanceOf(BlockException.class)
            .hasMessageContaining(reason);
        otherWorks();
        return reason;
    }

    @Test
    public void disconnectFailsTheDevice() throws Exception {
        BlockDevice device = virtio.attach(serve("disk", "disconnect@" + FAULTY), "disk");
        long failed = reads(device).stream().map(TargetFaultTest::end).filter(BlockDeviceGoneException.class::isInstance).count();
        assertThat(failed).isPositive();
        assertThat(virtio.awaitFailure("disk")).isNotBlank();
        otherWorks();
    }

    @Test
    public void stalledRequestHoldsUpNoOtherAndEndsWhenTheDeviceIsDetached() throws Exception {
        BlockDevice device = virtio.attach(serve("disk", "stall@" + FAULTY), "disk");
        List<CompletableFuture<Void>> reads = reads(device);
        Await.until("all but one have ended", () -> reads.stream().filter(future -> !future.isDone()).count() == 1);
        otherWorks();
        virtio.registry().detach("disk");
        assertThat(reads.stream().map(TargetFaultTest::end).filter(BlockDeviceGoneException.class::isInstance)).hasSize(1);
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
    public void reorderingIsAllowed() throws Exception {
        BlockDevice device = virtio.attach(serve("disk", "reorder"), "disk");
        assertThat(reads(device).stream().map(TargetFaultTest::end)).containsOnlyNulls();
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
        DeviceAddress address = DeviceAddress.parse("vhost-user:" + path + "?reply_timeout=200");
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
