// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.felix.service.command.CommandSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.virtio.shell.CommandException;
import org.virtio.shell.MemoryDisk;
import org.virtio.shell.Size;
import org.virtio.shell.bench.BenchCommand;

/** Commands that destroy data do nothing before it is confirmed, and say what is wrong with them before they ask. */
class UnconfirmedTest {
    private static final Size AT = new Size("4k");

    @TempDir
    private Path directory;
    private final MemoryDisk disk = new MemoryDisk(1 << 20);
    private final ServiceReference<?> reference = proxy(ServiceReference.class, Map.of("getProperty", "disk0"));
    private final BundleContext context = proxy(BundleContext.class, Map.of("getServiceReferences", List.of(reference),
        "getService", disk.device(), "ungetService", true));
    private CommandSession session;

    @BeforeEach
    void openSession() {
        session = proxy(CommandSession.class, Map.of("currentDir", directory, "get", "dumb"));
    }

    private static <T> T proxy(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
            (self, method, arguments) -> answers.get(method.getName())));
    }

    private interface Action {
        void run() throws Exception;
    }

    private void assertUnconfirmed(String what, Action action) {
        assertThatThrownBy(action::run).isInstanceOf(CommandException.class)
            .hasMessage("this would overwrite " + what + "; add --yes to do it");
        assertThat(disk.data).containsOnly(0);
    }

    @Test
    void aWriteIsOnlySaid() throws Exception {
        BlockCommands commands = new BlockCommands(context);
        assertUnconfirmed("5 bytes of disk0 at position 4,096", () -> commands.write(false, "disk0", AT, "hello"));
        assertThat(commands.write(true, "disk0", AT, "hello")).isEqualTo("5 bytes written at 4096");
        assertThat(disk.data[4096]).isEqualTo((byte) 'h');
    }

    @Test
    void aFillIsOnlySaid() throws Exception {
        FillCommands commands = new FillCommands(context);
        assertUnconfirmed("1 MiB of disk0 at position 0", () -> commands.fill(session, "0", false, "disk0", "7"));
        commands.fill(session, "0", true, "disk0", "7", AT);
        assertThat(disk.data[4095]).isZero();
        assertThat(disk.data[4096]).isEqualTo((byte) 7);
    }

    @Test
    void aCopyOntoTheDeviceIsOnlySaidAndOneFromItNeedsNoWord() throws Exception {
        CopyCommand commands = new CopyCommand(context);
        Path file = Files.write(directory.resolve("in"), new byte[] {9, 9});
        assertUnconfirmed("2 bytes of disk0 at position 4,096 with " + file,
            () -> commands.copy(session, false, false, "disk0", "from", "in", AT));
        commands.copy(session, false, true, "disk0", "from", "in", AT);
        assertThat(disk.data[4097]).isEqualTo((byte) 9);
        commands.copy(session, false, false, "disk0", "to", "out", AT, new Size("2"));
        assertThat(directory.resolve("out")).hasBinaryContent(new byte[] {9, 9});
    }

    @Test
    void aMeasurementThatWritesIsOnlySaid() {
        assertUnconfirmed("what is on disk0, all over it, with 30 of 100 requests",
            () -> new BenchCommand(context).bench("1", "512", "70", "1", "1", false, false, false, "disk0"));
    }

    @Test
    void mistakesComeFirst() {
        assertThatThrownBy(() -> new BlockCommands(context).write(false, "disk0", new Size("2M"), "hello"))
            .hasMessage("position 2097152 is beyond the end of disk0, 1048576");
        disk.readOnly = true;
        assertThatThrownBy(() -> new FillCommands(context).fill(session, "0", false, "disk0", "7"))
            .hasMessage("disk0 is read-only");
    }
}
