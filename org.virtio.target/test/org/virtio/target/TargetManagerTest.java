// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.virtio.target.RawQueue.OK;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.device.VirtioException;
import org.virtio.target.backend.TargetManagerComponent;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TargetManagerTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;
    private final TargetManagerComponent manager = new TargetManagerComponent();

    @AfterEach
    void close() {
        manager.close();
        assertThat(manager.list()).isEmpty();
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }

    private TargetOptions file(String name, long size, boolean readOnly) {
        return new TargetOptions(path("t"), path(name), size, 512, 1, readOnly, "file");
    }

    @Test
    void createsListsAndDeletes() throws Exception {
        TargetDTO created = manager.create(TargetOptions.ram(path("b"), MIB).withQueues(3));
        manager.create(TargetOptions.ram(path("a"), 2 * MIB));
        assertThat(created.path).isEqualTo(path("b"));
        assertThat(created.disk).isEqualTo("ram");
        assertThat(created.size).isEqualTo(MIB);
        assertThat(created.blockSize).isEqualTo(512);
        assertThat(created.queues).isEqualTo(3);
        assertThat(created.readOnly).isFalse();
        assertThat(created.withheld).isEmpty();
        assertThat(created.connections).isZero();
        assertThat(manager.list()).extracting(target -> target.path).containsExactly(path("a"), path("b"));
        manager.delete(path("a"));
        assertThat(Path.of(path("a"))).doesNotExist();
        assertThat(manager.list()).hasSize(1);
        manager.create(TargetOptions.ram(path("a"), MIB));
    }

    @Test
    void theSocketIsTheUsersOwn() throws Exception {
        manager.create(TargetOptions.ram(path("t"), MIB));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(path("t"))))).isEqualTo("rw-------");
    }

    @Test
    void refusesAPathThatIsTaken() throws Exception {
        manager.create(TargetOptions.ram(path("t"), MIB));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.create(TargetOptions.ram(path("t"), MIB)))
            .withMessageContaining(path("t"));
        Files.createFile(Path.of(path("file")));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.create(TargetOptions.ram(path("file"), MIB)))
            .withMessageContaining(path("file"));
    }

    @Test
    void saysThatADirectoryIsMissingOrIsNoDisk() {
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.create(TargetOptions.ram(path("none/t"), MIB)))
            .withMessage("cannot listen: there is no directory " + path("none") + " for the socket " + path("none/t"));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.create(
                new TargetOptions(path("t"), directory.toString(), 0, 512, 1, false, "dir")))
            .withMessage("cannot open the disk: " + directory + ": Is a directory");
    }

    @Test
    void namesTheTargetsThatAreThere() throws Exception {
        manager.create(TargetOptions.ram(path("t"), MIB));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.delete("other"))
            .withMessageContainingAll("other", path("t"));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.resize("other", MIB))
            .withMessageContainingAll("other", path("t"));
    }

    @Test
    void closesWithAFrontEndConnected() throws Exception {
        manager.create(TargetOptions.ram(path("t"), MIB).withQueues(4));
        try (RawDriver driver = RawDriver.running(path("t"), RawDriver.FEATURES, 4)) {
            assertThat(driver.queues[3].write(0, new byte[512])).isEqualTo(OK);
            assertThat(manager.list().get(0).connections).isEqualTo(1);
            Await.until("it is counted, a little after it is used", () -> manager.list().get(0).requests == 1);
            manager.close();
            driver.frontEnd.awaitEnd();
            assertThat(NoLeaks.threads()).isEmpty();
            assertThatExceptionOfType(VirtioException.class)
                .isThrownBy(() -> manager.create(TargetOptions.ram(path("t"), MIB)));
        }
    }

    @Test
    void growsButDoesNotShrink() throws Exception {
        manager.create(TargetOptions.ram(path("t"), MIB));
        assertThat(manager.resize(path("t"), 3L << 30).size).isEqualTo(3L << 30);
        assertThatIllegalArgumentException().isThrownBy(() -> manager.resize(path("t"), MIB))
            .withMessageContainingAll("1048576", "3221225472");
        assertThatIllegalArgumentException().isThrownBy(() -> manager.resize(path("t"), (3L << 30) + 1));
        try (RawDriver driver = RawDriver.running(path("t"), RawDriver.FEATURES, 1)) {
            byte[] data = new byte[8192];
            data[0] = 1;
            data[8191] = 2;
            long acrossChunks = (1L << 30) / 512 - 8;
            assertThat(driver.queues[0].write(acrossChunks, data)).isEqualTo(OK);
            assertThat(driver.queues[0].read(acrossChunks, 8192)).isEqualTo(data);
            assertThat(driver.queues[0].read((3L << 30) / 512 - 1, 512)).containsOnly(0);
        }
    }

    @Test
    void servesAFile() throws Exception {
        Path image = directory.resolve("image");
        byte[] contents = new byte[(int) MIB];
        contents[512] = 5;
        Files.write(image, contents);
        TargetDTO created = manager.create(file("image", 0, false));
        assertThat(created.size).isEqualTo(MIB);
        assertThat(created.disk).isEqualTo(image.toString());
        byte[] data = new byte[512];
        data[1] = 9;
        try (RawDriver driver = RawDriver.running(path("t"), RawDriver.FEATURES & ~RawDriver.FLUSH, 1)) {
            RawQueue queue = driver.queues[0];
            assertThat(queue.read(1, 512)).startsWith(5, 0).endsWith(0);
            assertThat(queue.write(2047, data)).isEqualTo(OK);
            assertThat(queue.request(RawQueue.FLUSH, 0, new byte[0], 0)).isEqualTo(OK);
            byte[] firstTwo = new byte[16];
            firstTwo[8] = 2;
            assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, firstTwo, 0)).isEqualTo(OK);
            assertThat(queue.request(RawQueue.DISCARD, 0, firstTwo, 0)).isEqualTo(OK);
        }
        contents[512] = 0;
        contents[2047 * 512 + 1] = 9;
        assertThat(Files.readAllBytes(image)).isEqualTo(contents);
        manager.resize(path("t"), 2 * MIB);
        assertThat(Files.size(image)).isEqualTo(2 * MIB);
    }

    @Test
    void aFileThatIsCutFailsItsRequests() throws Exception {
        Path image = directory.resolve("image");
        Files.write(image, new byte[(int) MIB]);
        manager.create(file("image", 0, true));
        Files.write(image, new byte[512]);
        try (RawDriver driver = RawDriver.running(path("t"), RawDriver.FEATURES, 1)) {
            assertThat(driver.queues[0].read(0, 512)).containsOnly(0);
            assertThat(driver.queues[0].request(RawQueue.IN, 1, new byte[0], 512)).isEqualTo(RawQueue.IOERR);
            assertThat(driver.queues[0].usedLength(1)).as("nothing was read").isZero();
        }
    }

    @Test
    void createsAndExtendsFiles() throws Exception {
        manager.create(file("new", MIB, false));
        assertThat(Files.size(directory.resolve("new"))).isEqualTo(MIB);
        manager.delete(path("t"));
        assertThat(manager.create(file("new", 2 * MIB, false)).size).isEqualTo(2 * MIB);
        assertThat(Files.size(directory.resolve("new"))).isEqualTo(2 * MIB);
        manager.delete(path("t"));
        assertThat(manager.create(file("new", MIB, false)).size).as("part of the file").isEqualTo(MIB);
    }

    @Test
    void refusesFilesThatCannotBeServed() throws Exception {
        Files.write(directory.resolve("odd"), new byte[700]);
        Files.write(directory.resolve("empty"), new byte[0]);
        assertThatIllegalArgumentException().isThrownBy(() -> manager.create(file("odd", 0, false)))
            .withMessageContaining("700");
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.create(file("empty", 0, false)));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.create(file("odd", MIB, true)));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.create(file("none", MIB, true)));
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> manager.create(file("none", 0, false)));
        assertThat(manager.list()).isEmpty();
    }

    static Stream<TargetOptions> badOptions() {
        return Stream.of(
            new TargetOptions(null, null, MIB, 512, 1, false, ""),
            new TargetOptions(" ", null, MIB, 512, 1, false, ""),
            new TargetOptions("t", null, MIB, 256, 1, false, ""),
            new TargetOptions("t", null, MIB, 131_072, 1, false, ""),
            new TargetOptions("t", null, MIB, 1000, 1, false, ""),
            new TargetOptions("t", null, MIB, 512, 0, false, ""),
            new TargetOptions("t", null, MIB, 512, 65, false, ""),
            new TargetOptions("t", null, MIB, 512, 1, false, "more than twenty bytes"),
            new TargetOptions("t", null, MIB, 512, 1, false, "é"),
            new TargetOptions("t", null, 0, 512, 1, false, ""),
            new TargetOptions("t", TargetOptions.NULL_DISK, 0, 512, 1, false, ""),
            new TargetOptions("t", null, -512, 512, 1, false, ""),
            new TargetOptions("t", null, 513, 512, 1, false, ""),
            TargetOptions.ram("t", MIB).withoutFeatures(null),
            TargetOptions.ram("t", MIB).withSpinNanos(-1),
            TargetOptions.ram("t", MIB).withUid(-2),
            TargetOptions.ram("t", MIB).withUid(TargetOptions.MAX_UID + 1));
    }

    @ParameterizedTest
    @MethodSource("badOptions")
    void refusesOptionsOutOfRange(TargetOptions options) {
        assertThatIllegalArgumentException().isThrownBy(() -> manager.create(options));
    }
}
