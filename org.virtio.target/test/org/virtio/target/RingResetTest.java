// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawFrontEnd.state;
import static org.virtio.target.RawFrontEnd.u64;
import static org.virtio.target.RawQueue.OK;
import static org.virtio.target.RawQueue.UNTOUCHED;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.target.backend.BlockTarget;

/** One queue stops, and may come back otherwise, while the other runs. */
@ParameterizedClass
@ValueSource(longs = {0, RawDriver.PACKED, RawDriver.IN_ORDER, RawDriver.PACKED | RawDriver.IN_ORDER})
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RingResetTest {
    @Parameter
    long format;
    @TempDir
    Path directory;
    private BlockTarget target;
    private RawDriver driver;

    private void serve(String faults) throws Exception {
        serve(faults, 0);
    }

    private void serve(String faults, long features) throws Exception {
        String path = directory.resolve("t").toString();
        target = new BlockTarget(TargetOptions.ram(path, 1 << 20).withQueues(2).withFaults(faults));
        driver = RawDriver.running(path, RawDriver.FEATURES | RawDriver.RING_RESET | format | features, 2);
    }

    @AfterEach
    void stop() {
        driver.close();
        target.close();
    }

    private boolean isPacked() {
        return (format & RawDriver.PACKED) != 0;
    }

    private void write(int index, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(driver.queues[index].write(index, new byte[512])).isEqualTo(OK);
        }
    }

    @Test
    void comesBackWithAnotherSize() throws Exception {
        serve(null);
        for (int size : isPacked() ? new int[] {3, 7, 4096, 5} : new int[] {4, 128, 1024, 8}) {
            write(0, 100);
            assertThat(driver.reset(0)).isEqualTo(driver.queues[0].base());
            assertThat(NoLeaks.threads()).noneMatch(name -> name.endsWith("queue 0"));
            write(1, 10);
            driver.replace(0, size);
            driver.start(0);
        }
        write(0, 100);
        write(1, 10);
    }

    @Test
    void forgetsWhatStalled() throws Exception {
        serve("stall@2", RawDriver.EVENT_IDX);
        RawQueue queue = driver.queues[0];
        queue.write(0, new byte[512]);
        queue.lay(3, RawQueue.OUT, 0, new byte[512], 0);
        queue.offer(3);
        Await.until("it was taken", () -> queue.wantsKick(2, true));
        write(1, 1);
        assertThat(driver.reset(0)).isEqualTo(isPacked() ? (3 | 1 << 15) << 16 | 6 | 1 << 15 : 2);
        assertThat(queue.usedIndex()).isEqualTo(1);
        write(1, 1);
        driver.replace(0, queue.size);
        driver.start(0);
        write(0, 100);
        write(1, 10);
    }

    @Test
    void touchesNothingOnceItHasStopped() throws Exception {
        serve(null);
        RawQueue queue = driver.queues[0];
        for (int i = 0; i < 20; i++) {
            queue.lay(3 * i, RawQueue.OUT, i, new byte[512], 0);
            queue.put(3 * i);
        }
        queue.publish();
        queue.kick.signal();
        driver.reset(0);
        byte[] sentinel = new byte[RawQueue.STRIDE];
        Arrays.fill(sentinel, (byte) UNTOUCHED);
        queue.memory().put(0, sentinel);
        queue.kick.signal();
        write(1, 100);
        byte[] after = new byte[RawQueue.STRIDE];
        queue.memory().get(0, after);
        assertThat(Arrays.equals(after, sentinel)).isTrue();
        assertThat(NoLeaks.threads()).noneMatch(name -> name.endsWith("queue 0"));
    }

    @Test
    void goesOnFromItsBase() throws Exception {
        serve(null);
        write(0, 25);
        int base = driver.stop(0);
        assertThat(base).isEqualTo(isPacked() ? 14 << 16 | 14 : 25);
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_BASE, state(0, base));
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_KICK, u64(0), driver.queues[0].kick.fd());
        write(0, 50);
        assertThat(driver.stop(0)).isEqualTo(isPacked() ? 42 << 16 | 42 : 75);
    }

    @ParameterizedTest
    @CsvSource({"0x80088007, no more than is available is used", "0x803d803d, no place in the ring",
        "0x80000001, more than a lap", "0x00008001, the other way"})
    void refusesABaseThatCannotBe(String base, String why) throws Exception {
        serve(null);
        driver.stop(0);
        RawQueue queue = driver.queues[0];
        long set = driver.frontEnd.acknowledged(RawFrontEnd.SET_VRING_BASE, state(0, Long.decode(base).intValue()));
        if (isPacked()) {
            assertThat(set).isZero();
            assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_VRING_KICK, u64(0), queue.kick.fd())).as(why).isNotZero();
            driver.stop(0);
        } else {
            assertThat(set == 0).isEqualTo(Long.decode(base) < 0x10000);
        }
        driver.replace(0, queue.size);
        driver.start(0);
        write(0, 1);
    }

    @ParameterizedTest
    @CsvSource({"0, false, false", "1, true, true", "3, false, true", "32767, false, true", "32768, true, true",
        "32769, false, false", "65536, false, false", "-1, false, false"})
    void theFormatDecidesOnTheSize(int size, boolean split, boolean packed) throws Exception {
        serve(null);
        driver.stop(0);
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_VRING_NUM, state(0, size)) == 0)
            .isEqualTo(isPacked() ? packed : split);
    }
}
