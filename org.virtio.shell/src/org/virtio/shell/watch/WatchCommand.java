// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.Process;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.device.DeviceDTO;
import org.virtio.device.VirtioDevice;
import org.virtio.queue.QueueDTO;
import org.virtio.shell.Commands;
import org.virtio.shell.Count;
import org.virtio.shell.Services;
import org.virtio.shell.Span;

/** Shows what devices do while they do it. */
@Component(service = WatchCommand.class, property = {"osgi.command.scope=virtio", "osgi.command.function=watch"})
public final class WatchCommand extends Commands {
    private static final String FOREVER = "forever";
    private static final Duration MIN_INTERVAL = Duration.ofMillis(100);
    private static final Duration MAX_INTERVAL = Duration.ofHours(1);

    /** Created by Declarative Services. */
    @Activate
    public WatchCommand(BundleContext context) {
        super(context);
    }

    /** Watches. */
    @Descriptor("shows what devices do, again after each interval: completions and MiB per second, requests in flight on "
        + "average; the mean latency of all requests by Little's law (in flight / completions per second), and the median, the "
        + "99th percentile and the maximum of those that the rings timed, which is one now and then; completions per second of "
        + "the last 20 intervals. At a prompt any key ends it. Usage: watch [<name>...] [--interval 1s] [--count forever]")
    public void watch(CommandSession session,
            @Descriptor("from one look to the next: 100ms to 60m (default 1s)")
            @Parameter(names = {"-i", "--interval"}, absentValue = "1s") String interval,
            @Descriptor("how many tables (default: one after the other, forever)")
            @Parameter(names = {"-n", "--count"}, absentValue = FOREVER) String count,
            @Descriptor("the devices; all that are there if left out") String... names) throws Exception {
        run(() -> {
            long nanos = new Span(interval).nanos("--interval", MIN_INTERVAL, MAX_INTERVAL);
            long tables = FOREVER.equals(count) ? Long.MAX_VALUE : new Count(count).value("--count", 1, Long.MAX_VALUE);
            Devices source = new Devices(services, Stream.of(names).distinct().toList());
            source.check();
            try (Screen screen = screen(session)) {
                new Watch(source, screen, System::nanoTime).run(nanos, tables);
            } catch (InterruptedException e) {
                // The way to end it.
                Thread.currentThread().interrupt();
            }
            return null;
        });
    }

    private static Screen screen(CommandSession session) {
        Object terminal = session.get(Terminals.VARIABLE);
        Process process = Process.Utils.current();
        boolean shown = process != null && process.isTty(1);
        return terminal != null && shown && Terminals.canReplace(terminal) ? Terminals.screen(terminal)
            : new PlainScreen(System.out, session.getConsole());
    }

    /** Apart, because its classes are there only where there is a prompt. */
    private static final class Terminals {
        static final String VARIABLE = ".terminal";

        private Terminals() {
        }

        static boolean canReplace(Object terminal) {
            return terminal instanceof org.jline.terminal.Terminal shown && !shown.getType().startsWith("dumb");
        }

        static Screen screen(Object terminal) {
            return new TerminalScreen((org.jline.terminal.Terminal) terminal);
        }
    }

    /** The devices of the registry. */
    private record Devices(Services services, List<String> names) implements Watch.Source {
        void check() throws Exception {
            List<DeviceDTO> devices = all();
            for (String name : names) {
                services.find(name, devices);
            }
        }

        private List<DeviceDTO> all() throws Exception {
            return services.registry(registry -> registry.devices());
        }

        @Override
        public List<DeviceDTO> devices() throws Exception {
            List<DeviceDTO> devices = all();
            if (names.isEmpty()) {
                return devices;
            }
            List<DeviceDTO> chosen = new ArrayList<>();
            for (String name : names) {
                chosen.add(devices.stream().filter(device -> device.name.equals(name)).findFirst()
                    .orElseGet(() -> detached(name)));
            }
            return chosen;
        }

        private static DeviceDTO detached(String name) {
            DeviceDTO device = new DeviceDTO();
            device.name = name;
            device.state = "detached";
            return device;
        }

        @Override
        public List<QueueDTO> queues(String name) throws Exception {
            return services.registry(registry -> {
                VirtioDevice device = registry.device(name);
                return device == null ? List.of() : device.dumpQueues();
            });
        }
    }
}
