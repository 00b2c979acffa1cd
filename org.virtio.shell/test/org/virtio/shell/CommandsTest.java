// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.apache.felix.service.command.Descriptor;
import org.junit.jupiter.api.Test;
import org.virtio.device.DeviceDTO;
import org.virtio.device.VirtioException;

class CommandsTest {
    /** Commands to be called with the wrong arguments. */
    public static final class Greeting extends Commands {
        Greeting() {
            super(null);
        }

        /** A command. */
        @Descriptor("greets. Usage: greet <name>")
        public String greet(String name) {
            return name;
        }
    }

    @Test
    void argumentsThatFitNoMethodAreAnsweredByTheUsage() {
        assertThatThrownBy(() -> new Greeting()._main(new String[] {"greet", "a", "b"}))
            .isInstanceOf(CommandException.class).hasMessage("these arguments do not fit; usage: virtio:greet <name>");
    }

    @Test
    void anErrorPrintsAsItsMessageAlone() {
        assertThatThrownBy(() -> Commands.run(() -> {
            throw new VirtioException("the device hung up");
        })).isInstanceOf(CommandException.class).hasToString("the device hung up");
    }

    @Test
    void errorsOfFilesSayWhatIsWrongWithThem() {
        assertThatThrownBy(() -> Commands.run(() -> {
            throw new NoSuchFileException("/x");
        })).hasToString("there is no such file or directory: /x");
        assertThatThrownBy(() -> Commands.run(() -> {
            throw new FileAlreadyExistsException("/x");
        })).hasToString("/x exists already");
    }

    @Test
    void anErrorWithoutMessageKeepsItsClass() {
        assertThatThrownBy(() -> Commands.run(() -> {
            throw new IOException();
        })).isExactlyInstanceOf(IOException.class);
    }

    @Test
    void aMistakeInTheProgramIsNotDisguised() {
        assertThatThrownBy(() -> Commands.run(() -> {
            throw new NullPointerException("oops");
        })).isExactlyInstanceOf(NullPointerException.class);
    }

    @Test
    void anUnknownDeviceIsAnsweredByThoseThatAreThere() {
        DeviceDTO device = new DeviceDTO();
        device.name = "disk0";
        Services services = new Services(null);
        assertThatThrownBy(() -> services.find("disk1", List.of(device)))
            .hasMessage("there is no device 'disk1'; there are: disk0");
        assertThatThrownBy(() -> services.find("disk1", List.of()))
            .hasMessage("there is no device 'disk1', nor any other; attach one: virtio:attach <address> disk1");
    }
}
