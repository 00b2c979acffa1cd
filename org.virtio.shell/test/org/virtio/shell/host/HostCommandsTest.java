// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.host.HostDeviceDTO;
import org.virtio.host.HostDevices;
import org.virtio.shell.CommandException;

class HostCommandsTest {
    private final List<HostDevices> registered = new ArrayList<>();
    private final List<String> done = new ArrayList<>();
    private int gotten;
    private HostDeviceDTO device;
    private HostCommands commands;

    /** Devices that do what they are asked, and write it down. */
    private final class Devices implements HostDevices {
        private final String scheme;
        private final List<HostDeviceDTO> all;

        Devices(String scheme, HostDeviceDTO... all) {
            this.scheme = scheme;
            this.all = List.of(all);
        }

        @Override
        public String scheme() {
            return scheme;
        }

        @Override
        public List<HostDeviceDTO> scan() {
            return all;
        }

        @Override
        public HostDeviceDTO bind(DeviceAddress address, String driver) throws VirtioException {
            if ("nvme".equals(driver)) {
                throw new IllegalArgumentException("'nvme' is no driver to choose");
            }
            done.add("bind " + address + " to " + driver);
            return device;
        }

        @Override
        public HostDeviceDTO unbind(DeviceAddress address) throws VirtioException {
            done.add("unbind " + address);
            throw new VirtioException("the kernel does not take it");
        }
    }

    @BeforeEach
    void register() {
        device = HostFormsTest.device("pci:0000:00:05.0", "blk", "virtio-pci");
        registered.add(new Devices("pci", device, HostFormsTest.device("pci:0000:00:06.0", null, null)));
        registered.add(new Devices("ccw", HostFormsTest.device("ccw:0.0.0001", "net", null)));
        commands = new HostCommands(context());
    }

    /** A framework of as much as the commands ask of one. */
    private BundleContext context() {
        List<ServiceReference<?>> references = new ArrayList<>();
        registered.forEach(service -> references.add(reference(references.size())));
        return proxy(BundleContext.class, (name, arguments) -> switch (name) {
            case "getServiceReferences" -> registered.isEmpty() ? List.of() : references;
            case "getService" -> {
                gotten++;
                yield registered.get(references.indexOf(arguments[0]));
            }
            case "ungetService" -> --gotten >= 0;
            default -> throw new UnsupportedOperationException(name);
        });
    }

    private static ServiceReference<?> reference(int number) {
        return proxy(ServiceReference.class, (name, arguments) -> switch (name) {
            case "compareTo" -> Integer.compare(number, arguments[0].hashCode());
            case "hashCode" -> number;
            case "equals" -> arguments[0].hashCode() == number;
            default -> throw new UnsupportedOperationException(name);
        });
    }

    private interface Answer {
        Object to(String name, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
            (self, method, arguments) -> answer.to(method.getName(), arguments)));
    }

    @Test
    void scanListsTheDevicesOfAllTransports() throws Exception {
        assertThat(commands.scan()).extracting(dto -> dto.address)
            .containsExactly("pci:0000:00:05.0", "pci:0000:00:06.0", "ccw:0.0.0001");
        assertThat(gotten).isZero();
    }

    @Test
    void anAddressIsTakenWithOrWithoutItsScheme() throws Exception {
        assertThat(commands.scan("pci:0000:00:05.0")).isSameAs(device);
        assertThat(commands.scan("0000:00:05.0")).isSameAs(device);
        assertThat(commands.scan("ccw:0.0.0001").type).isEqualTo("net");
        assertThat(HostCommands.parse("abcd:00:05.0")).hasToString("pci:abcd:00:05.0");
        assertThat(gotten).isZero();
    }

    @Test
    void anUnknownAddressIsAnsweredByThoseThatThereAre() {
        assertThatThrownBy(() -> commands.scan("0000:00:09.0")).isInstanceOf(CommandException.class).hasMessage(
            "there is no virtio device pci:0000:00:09.0; there are: pci:0000:00:05.0, pci:0000:00:06.0");
        assertThatThrownBy(() -> commands.scan("usb:1")).isInstanceOf(CommandException.class)
            .hasMessage("no transport here has devices of the host whose addresses begin with usb:");
        assertThatThrownBy(() -> commands.scan("nonsense")).isInstanceOf(CommandException.class)
            .hasMessageContaining("'nonsense' is no device address");
        assertThat(gotten).isZero();
    }

    @Test
    void withoutYesNothingIsDoneButSaid() {
        assertThatThrownBy(() -> commands.bind("", false, "0000:00:05.0")).isInstanceOf(CommandException.class).hasMessage(
            "this would take pci:0000:00:05.0 (blk) from virtio-pci and hand it to vfio-pci, or without an IOMMU "
                + "uio_pci_generic; add --yes to do it");
        assertThatThrownBy(() -> commands.bind("vfio-pci", false, "pci:0000:00:06.0")).isInstanceOf(CommandException.class)
            .hasMessage("this would take pci:0000:00:06.0 from nobody and hand it to vfio-pci; add --yes to do it");
        assertThatThrownBy(() -> commands.unbind(false, "0000:00:05.0")).isInstanceOf(CommandException.class).hasMessage(
            "this would take pci:0000:00:05.0 (blk) from virtio-pci and have the kernel's own driver for it take it; "
                + "add --yes to do it");
        device.use = "/dev/vda is mounted on /";
        assertThatThrownBy(() -> commands.bind("", false, "0000:00:05.0")).isInstanceOf(CommandException.class)
            .hasMessage("pci:0000:00:05.0 is in use: /dev/vda is mounted on /");
        assertThat(done).isEmpty();
        assertThat(gotten).isZero();
    }

    @Test
    void withYesItIsDone() throws Exception {
        assertThat(commands.bind("", true, "0000:00:05.0")).isSameAs(device);
        assertThat(commands.bind("none", true, "pci:0000:00:05.0")).isSameAs(device);
        assertThatThrownBy(() -> commands.unbind(true, "0000:00:05.0")).isInstanceOf(CommandException.class)
            .hasMessage("the kernel does not take it");
        assertThatThrownBy(() -> commands.bind("nvme", true, "0000:00:05.0")).isInstanceOf(CommandException.class)
            .hasMessage("'nvme' is no driver to choose");
        assertThat(done).containsExactly("bind pci:0000:00:05.0 to null", "bind pci:0000:00:05.0 to none",
            "unbind pci:0000:00:05.0");
        assertThat(gotten).isZero();
    }

    @Test
    void withoutATransportThereIsNothingToScan() {
        registered.clear();
        assertThatThrownBy(() -> commands.scan()).isInstanceOf(CommandException.class)
            .hasMessage("no transport here knows devices of the host; is the bundle org.virtio.pci active?");
    }
}
