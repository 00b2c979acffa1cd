// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.api.Test;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.queue.QueueResult;

/** When a request uses an indirect table, and when it does not. */
@ParameterizedClass
@MethodSource("org.virtio.core.queue.RingCase#all")
class IndirectTest {
    private static final int ABOVE = 3;

    @Parameter
    RingCase ringCase;

    private QueueFixture queue(int size) {
        return new QueueFixture(new RingFormat(ringCase.packed(), ringCase.eventIdx(), ringCase.inOrder(),
            ringCase.indirect(), ABOVE), size);
    }

    private static int cost(QueueFixture f) {
        f.queue.publish();
        List<Chain> chains = f.device.take();
        assertThat(chains).hasSize(1);
        f.device.use(chains.get(0), 0);
        assertThat(f.poll()).isEqualTo(1);
        return chains.get(0).ringSize();
    }

    @Test
    void onlyLongRequestsUseATable() {
        QueueFixture f = queue(16);
        for (int length = 1; length <= 16; length++) {
            f.chain(length, length - 1);
            assertThat(cost(f)).as("length %s", length).isEqualTo(ringCase.indirect() && length > ABOVE ? 1 : length);
        }
        assertThat(f.queue.dump().indirect).isEqualTo(ringCase.indirect() ? 16 - ABOVE : 0);
    }

    @Test
    void aShortRequestUsesATableIfAskedTo() {
        QueueFixture f = queue(16);
        f.chain("two", 1);
        f.queue.preferIndirect();
        assertThat(cost(f)).isEqualTo(ringCase.indirect() ? 1 : 2);
        f.chain("the wish is for one request", 1);
        assertThat(cost(f)).isEqualTo(2);
        f.chain("aborted", 1);
        f.queue.preferIndirect();
        f.queue.abort();
        f.chain("nor for one after it", 1);
        assertThat(cost(f)).isEqualTo(2);
    }

    @Test
    void aTableTakesThePlaceOfDescriptorsThatAreScarce() {
        QueueFixture f = queue(4);
        f.request("a", 1);
        f.request("b", 1);
        f.request("c", 1);
        assertThat(f.queue.begin("d", 2)).isEqualTo(ringCase.indirect() ? QueueResult.OK : QueueResult.FULL);
        if (ringCase.indirect()) {
            assertThat(f.chain("d", 1)).isEqualTo(QueueResult.OK);
            assertThat(f.queue.begin("e", 1)).as("not even one").isEqualTo(QueueResult.FULL);
            f.queue.publish();
            assertThat(f.device.take()).extracting(Chain::ringSize).containsExactly(1, 1, 1, 1);
        }
    }

    @Test
    void aRequestThatIsLongerThanATableIsAChain() {
        int size = 4096;
        int table = IndirectTables.length(size);
        assertThat(table).isLessThan(size);
        QueueFixture f = queue(size);
        f.chain("fits", table - 1);
        assertThat(cost(f)).isEqualTo(ringCase.indirect() ? 1 : table);
        f.chain("too long", table);
        f.queue.preferIndirect();
        assertThat(cost(f)).isEqualTo(table + 1);
        for (int i = 0; i < size - table; i++) {
            f.request(i, 1);
        }
        assertThat(f.queue.begin("neither way", table + 1)).isEqualTo(QueueResult.FULL);
    }

    @Test
    void everyRequestInFlightHasATableOfItsOwn() {
        QueueFixture f = queue(8);
        for (int i = 0; i < 8; i++) {
            int result = f.request(i, 1, 10 + i, 1, -(100 + i));
            assertThat(result).isEqualTo(ringCase.indirect() || i < 2 ? QueueResult.OK : QueueResult.FULL);
        }
        f.queue.publish();
        List<Chain> chains = f.device.take();
        assertThat(chains).hasSize(ringCase.indirect() ? 8 : 2);
        for (int i = 0; i < chains.size(); i++) {
            assertThat(chains.get(i).descriptors().get(1).length()).isEqualTo(10 + i);
            assertThat(chains.get(i).writable()).isEqualTo(100 + i);
        }
    }
}
