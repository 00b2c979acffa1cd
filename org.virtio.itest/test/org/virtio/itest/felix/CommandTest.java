// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.device.DeviceDTO;
import org.virtio.itest.support.Await;
import org.virtio.target.TargetDTO;

/** The commands, run as a session runs them, on a target that a command made. */
public class CommandTest extends FelixTest {
    /** For sockets and files. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private Session session;
    private String path;

    @Before
    public void createTargetAndAttach() throws Exception {
        session = new Session(virtio);
        path = folder.getRoot() + "/disk.sock";
        assertThat(run("virtio:target create " + path + " ram --size 8M --queues 2")).isInstanceOf(TargetDTO.class);
        assertThat(run("virtio:attach 'vhost-user:" + path + "?grace=0' disk0")).isInstanceOf(DeviceDTO.class);
        virtio.block("disk0");
    }

    @After
    public void closeSession() {
        session.close();
    }

    @Test
    public void attachesListsAndDetaches() throws Exception {
        assertThat(text("virtio:list")).contains("disk0", "blk", "ready", path);
        assertThat((List<?>) run("virtio:list")).hasSize(1);
        run("virtio:target create " + folder.getRoot() + "/other.sock ram --size 1M");
        run("virtio:attach vhost-user:" + folder.getRoot() + "/other.sock");
        assertThat(text("virtio:list")).contains("blk0");
        assertThatThrownBy(() -> run("virtio:attach vhost-user:" + path)).hasMessageContaining(path);
        assertThat(text("virtio:detach blk0")).contains("blk0");
        assertThat(text("virtio:transports")).contains("vhost-user");
    }

    @Test
    public void saysWhatADeviceIs() throws Exception {
        assertThat(text("virtio:info disk0")).contains("disk0", "8", "ready");
        assertThat(text("virtio:features disk0")).contains("VERSION_1");
        assertThat((List<?>) run("virtio:queues disk0")).hasSize(2);
        run("virtio:read disk0 0 512");
        assertThat(text("virtio:info disk0")).contains("packed, 512 descriptors")
            .containsPattern("[0-9] requests? of 3[.]0 buffers");
        assertThat(text("virtio:queues disk0")).contains("INDIRECT").containsPattern("packed +512 ");
        assertThat(text("virtio:dump disk0")).contains("\"bytesReadable\"");
        assertThat(text("virtio:config disk0")).contains("capacity");
        assertThat(text("virtio:dump disk0")).startsWith("{").contains("\"disk0\"").endsWith("}");
    }

    @Test
    public void readsWhatWasWritten() throws Exception {
        run("virtio:write disk0 1000 hello --yes");
        assertThat(text("virtio:read disk0 1000 5")).contains("68 65 6c 6c 6f").contains("hello");
        run("virtio:flush disk0");
        run("virtio:fill disk0 0xab 0 4k --yes");
        assertThat(text("virtio:read disk0 4095 1")).contains("ab");
    }

    @Test
    public void verifiesThePatternAndFindsAWrongByte() throws Exception {
        run("virtio:fill disk0 pattern --seed 5 --yes");
        run("virtio:verify disk0 --seed 5");
        assertThatThrownBy(() -> run("virtio:verify disk0 --seed 6")).hasMessageContaining("0");
        run("virtio:write disk0 5000000 0x00112233445566778899 --yes");
        assertThatThrownBy(() -> run("virtio:verify disk0 --seed 5")).hasMessageContaining("500000");
    }

    @Test
    public void copiesToAndFromAFile() throws Exception {
        byte[] data = new byte[1 << 20];
        new Random(8).nextBytes(data);
        Path file = folder.newFile("in").toPath();
        Files.write(file, data);
        run("virtio:copy disk0 from " + file + " --yes");
        Path copy = folder.getRoot().toPath().resolve("out");
        run("virtio:copy disk0 to " + copy);
        assertThat(Files.readAllBytes(copy)).startsWith(data).hasSize(8 << 20);
    }

    @Test
    public void measures() throws Exception {
        assertThat(text("virtio:bench disk0 --seconds 1 --depth 8 --wait")).contains("IOPS", "p99");
        assertThat(text("virtio:bench disk0 --seconds 1 --threads 2 --read-percent 50 --yes")).contains("2 threads");
    }

    @Test
    public void whatDestroysDataIsOnlySaidUntilItIsConfirmed() throws Exception {
        Path file = folder.newFile("in").toPath();
        Files.write(file, new byte[] {1, 2, 3});
        run("virtio:fill disk0 pattern --yes");
        for (String command : List.of("write disk0 1000 hello", "fill disk0 0xab 0 4k", "copy disk0 from " + file + " 4k",
                "bench disk0 --seconds 1 --read-percent 99")) {
            assertThatThrownBy(() -> run("virtio:" + command)).message().startsWith("this would overwrite ").contains("disk0")
                .endsWith("; add --yes to do it");
        }
        run("virtio:verify disk0");
    }

    @Test
    public void aTargetMayBeForTheProcessesOfOneUserAlone() throws Exception {
        String socket = folder.getRoot() + "/own.sock";
        long own = ((Integer) Files.getAttribute(folder.getRoot().toPath(), "unix:uid")).longValue();
        run("virtio:target create " + socket + " ram --size 1M --uid " + (own + 1));
        assertThat(text("virtio:target list")).contains("read-write, uid " + (own + 1));
        assertThatThrownBy(() -> run("virtio:attach 'vhost-user:" + socket + "?grace=0' other")).isNotNull();
        run("virtio:target delete " + socket);
        run("virtio:target create " + socket + " ram --size 1M --uid " + own);
        run("virtio:attach 'vhost-user:" + socket + "?grace=0' own");
        virtio.block("own");
        for (String bad : List.of("nobody", "4294967295", "1.5")) {
            assertThatThrownBy(() -> run("virtio:target create " + socket + " --uid " + bad))
                .hasMessage("--uid '" + bad + "' is no whole number from 0 to 4294967294");
        }
    }

    @Test
    public void resizesListsAndDeletesTargets() throws Exception {
        run("virtio:target resize " + path + " 16M");
        assertThat(text("virtio:target list")).contains(path, "16");
        Await.until("the device has grown", () -> virtio.block("disk0").capacity() == 16 << 20);
        run("virtio:target delete " + path);
        assertThat((List<?>) run("virtio:target list")).isEmpty();
        virtio.awaitFailure("disk0");
        virtio.awaitNoBlock("disk0");
        assertThatThrownBy(() -> run("virtio:read disk0 0 512")).hasMessageContaining("disk0").hasMessageContaining("failed");
    }

    @Test
    public void errorsAreOneLineThatSaysWhatIsThere() {
        assertThatThrownBy(() -> run("virtio:info nonsense")).hasMessageContaining("nonsense").hasMessageContaining("disk0");
        assertThatThrownBy(() -> run("virtio:attach vhost-user:/no/such.sock")).hasMessageContaining("/no/such.sock");
        assertThatThrownBy(() -> run("virtio:attach nonsense")).hasMessageContaining("nonsense");
        assertThatThrownBy(() -> run("virtio:read disk0")).hasMessageContaining("usage");
        assertThatThrownBy(() -> run("virtio:read disk0 0 8G"))
            .hasMessageContaining("8589934592").hasMessageContaining("8388608");
        assertThatThrownBy(() -> run("virtio:target create " + path)).hasMessageContaining(path);
        for (String command : List.of("virtio:info nonsense", "virtio:attach vhost-user:/no/such.sock", "virtio:read disk0")) {
            assertThatThrownBy(() -> run(command)).message().doesNotContain("\n").doesNotContain("Exception");
        }
    }

    @Test
    public void targetCommandsGoWithTheTargetAndTheOthersStay() throws Exception {
        virtio.stop("org.virtio.target");
        assertThatThrownBy(() -> run("virtio:target list")).hasMessageContaining("target");
        assertThat(text("virtio:list")).contains("disk0");
    }

    private Object run(String command) throws Exception {
        return session.run(command);
    }

    private String text(String command) throws Exception {
        return session.text(command);
    }
}
