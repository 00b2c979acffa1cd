// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ScreenTest {
    private static final long LONG = Long.MAX_VALUE / 4;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final PipedOutputStream keyboard = new PipedOutputStream();

    private Terminal terminal() throws IOException {
        ExternalTerminal terminal = new ExternalTerminal("test", "xterm", new PipedInputStream(keyboard), out,
            StandardCharsets.UTF_8);
        terminal.setSize(new Size(20, 4));
        return terminal;
    }

    private String text() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aTableTakesThePlaceOfTheOneBefore() throws Exception {
        try (Terminal terminal = terminal(); Screen screen = new TerminalScreen(terminal)) {
            assertThat(screen.replaces()).isTrue();
            assertThat(screen.charset()).isEqualTo(StandardCharsets.UTF_8);
            screen.show("a\nb");
            screen.show("c");
            screen.show("d");
        }
        assertThat(text().replace("\r", "")).isEqualTo("a\nb\n\033[2A\033[Jc\n\033[1A\033[Jd\n");
    }

    @Test
    void whatDoesNotFitIsLeftOut() {
        List<String> lines = List.of("NAME", "disk0  a long reason", "disk1", "disk2");
        assertThat(TerminalScreen.fit(lines, 10, 4)).containsExactly("NAME", "disk0  a l", "disk1");
        assertThat(TerminalScreen.fit(lines, 0, 0)).isEqualTo(lines);
    }

    @Test
    void aKeyEndsItAndNothingOfItIsLeft() throws Exception {
        try (Terminal terminal = terminal(); Screen screen = new TerminalScreen(terminal)) {
            assertThat(screen.pause(0)).isTrue();
            keyboard.write("\033[A".getBytes(StandardCharsets.US_ASCII));
            keyboard.flush();
            assertThat(screen.pause(LONG)).isFalse();
            assertThat(terminal.reader().read(1)).isNegative();
        }
    }

    @Test
    void controlCEndsItAndAllIsAsBefore() throws Exception {
        StringBuilder before = new StringBuilder();
        try (Terminal terminal = terminal()) {
            terminal.handle(Terminal.Signal.INT, signal -> before.append("interrupted"));
            Attributes attributes = terminal.getAttributes();
            try (Screen screen = new TerminalScreen(terminal)) {
                assertThat(terminal.getAttributes().getLocalFlag(Attributes.LocalFlag.ICANON)).isFalse();
                terminal.raise(Terminal.Signal.INT);
                assertThat(screen.pause(LONG)).isFalse();
            }
            assertThat(terminal.getAttributes().getLocalFlag(Attributes.LocalFlag.ICANON))
                .isEqualTo(attributes.getLocalFlag(Attributes.LocalFlag.ICANON));
            assertThat(before).isEmpty();
            terminal.raise(Terminal.Signal.INT);
            assertThat(before).hasToString("interrupted");
        }
    }

    @Test
    void elsewhereTablesFollowOneAnother() throws Exception {
        PrintStream stream = new PrintStream(out);
        try (Screen screen = new PlainScreen(stream, stream)) {
            assertThat(screen.replaces()).isFalse();
            assertThat(screen.show("a\nb")).isTrue();
            assertThat(screen.pause(1)).isTrue();
            assertThat(screen.show("c")).isTrue();
        }
        assertThat(text()).isEqualTo("a\nb\n\nc\n");
    }

    @Test
    void aReaderThatHasGoneIsNoticed() {
        PrintStream good = new PrintStream(out);
        PrintStream broken = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("broken pipe");
            }
        });
        broken.print("a");
        for (Screen screen : List.of(new PlainScreen(broken, good), new PlainScreen(good, broken))) {
            assertThat(screen.show("b")).isFalse();
        }
    }

    @Test
    void barsAreAsciiWhereThereAreNoBlocks() {
        assertThat(new Sparkline(StandardCharsets.US_ASCII).of(List.of(0.0, 1.0, 50.0, 100.0))).isEqualTo("_.=#");
        assertThat(new Sparkline(StandardCharsets.UTF_8).of(List.of(0.0, 1.0, 50.0, 100.0))).isEqualTo("▁▂▅█");
        assertThat(new Sparkline(StandardCharsets.UTF_8).of(List.of(0.0))).isEqualTo("▁");
    }
}
