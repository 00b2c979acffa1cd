// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawQueue.IOERR;
import static org.virtio.target.RawQueue.OK;
import static org.virtio.target.RawQueue.UNTOUCHED;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.target.RawPackedQueue.Element;
import org.virtio.target.backend.BlockTarget;

/** With IN_ORDER a batch has one used element, where its first buffer's would be, with the id and the length of its last. */
@ParameterizedClass
@ValueSource(longs = {0, RawDriver.PACKED})
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InOrderTest {
    /** An element of the used ring that the device did not write. */
    private static final Element NONE = new Element(-1, -1, -1);
    private static final int BEYOND = 5000;

    @Parameter
    long format;
    @TempDir
    Path directory;
    private BlockTarget target;
    private RawDriver driver;
    private RawQueue queue;

    private void serve(String faults) throws Exception {
        target = new BlockTarget(TargetOptions.ram(directory.resolve("t").toString(), 1 << 20).withFaults(faults));
        driver = RawDriver.running(directory.resolve("t").toString(), RawDriver.FEATURES | RawDriver.IN_ORDER | format, 1);
        queue = driver.queues[0];
        if (format == 0) {
            queue.memory().put(RawQueue.USED + 4, filled(8 * queue.size));
        }
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) -1);
        return bytes;
    }

    @AfterEach
    void stop() {
        driver.close();
        target.close();
    }

    /** Reads of these sectors, at once, with heads 0, 3, 6 and so on. */
    private void offer(int... sectors) {
        for (int i = 0; i < sectors.length; i++) {
            queue.lay(3 * i, RawQueue.IN, sectors[i], new byte[0], 512);
            queue.put(3 * i);
        }
        queue.publish();
        queue.kick.signal();
    }

    /** The used elements, each with the number of the buffer in whose stead it is. */
    private List<Element> elements() {
        queue.usedIndex();
        if (queue instanceof RawPackedQueue packed) {
            return packed.elements().stream().map(e -> new Element(e.place() / 3, e.id(), e.length())).toList();
        }
        List<Element> result = new ArrayList<>();
        for (int i = 0; i < queue.size; i++) {
            Element element = new Element(-1, queue.usedId(i), queue.usedLength(i));
            if (!element.equals(NONE)) {
                result.add(new Element(i, element.id(), element.length()));
            }
        }
        return result;
    }

    @Test
    void aBatchHasOneElement() throws Exception {
        serve(null);
        offer(0, 1, 2, 3, 4);
        queue.awaitUsed(5);
        assertThat(elements()).containsExactly(new Element(0, 12, 513));
        assertThat(queue.statusOf(0)).isEqualTo(OK);
        assertThat(queue.statusOf(12)).isEqualTo(OK);
        Await.until("they are counted, a little after they are used", () -> target.dto().requests == 5);
        offer(0, 1);
        queue.awaitUsed(7);
        assertThat(elements()).containsExactly(new Element(0, 12, 513), new Element(5, 3, 513));
    }

    /** The driver takes every buffer that is skipped for written as far as it could be. */
    @Test
    void aBufferThatIsNotFullHasItsOwnLength() throws Exception {
        serve(null);
        offer(0, 1, BEYOND, BEYOND, 4, 5);
        queue.awaitUsed(6);
        assertThat(elements()).containsExactly(new Element(0, 6, 0), new Element(3, 9, 0), new Element(4, 15, 513));
        assertThat(queue.statusOf(3)).isEqualTo(OK);
        assertThat(queue.statusOf(6)).isEqualTo(IOERR);
    }

    @Test
    void nothingOvertakesARequestThatStalls() throws Exception {
        serve("stall@2");
        offer(0, 1, 2);
        queue.awaitUsed(1);
        assertThat(driver.stop(0) & 0x7fff).isEqualTo(format == 0 ? 3 : 9);
        assertThat(elements()).containsExactly(new Element(0, 0, 513));
        assertThat(queue.statusOf(6)).isEqualTo(UNTOUCHED);
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_KICK, RawFrontEnd.u64(0), queue.kick.fd());
        offer(0);
        driver.stop(0);
        assertThat(elements()).as("it goes on, and is stuck still").hasSize(1);
    }

    @Test
    void reordersOnlyWhenAsked() throws Exception {
        serve("reorder@2");
        offer(0, 1, 2);
        if (format == 0) {
            queue.awaitUsed(3);
            assertThat(elements()).extracting(Element::id).containsExactly(6, 3, 0);
            return;
        }
        int used = RawPackedQueue.AVAIL | RawPackedQueue.USED_FLAG;
        Await.until("the first element", () -> (queue.memory().getShort(14) & used) == used);
        assertThat(IntStream.of(0, 3, 6).map(place -> queue.memory().getShort(place * 16 + 12))).containsExactly(6, 3, 0);
    }

    @Test
    void aFaultIsInNoOthersElement() throws Exception {
        serve("wrong-id@3,long-length@5");
        offer(0, 1, 2, 3, 4, 5, 6);
        queue.awaitUsed(7);
        assertThat(elements()).containsExactly(new Element(0, 3, 513), new Element(2, queue.size + 6, 513),
            new Element(3, 9, 513), new Element(4, 12, 514), new Element(5, 18, 513));
    }
}
