// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.ResultLog;
import org.apache.felix.hc.api.execution.HealthCheckExecutionOptions;
import org.apache.felix.hc.api.execution.HealthCheckExecutionResult;
import org.apache.felix.hc.api.execution.HealthCheckExecutor;
import org.apache.felix.hc.api.execution.HealthCheckSelector;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.itest.support.Await;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/** Felix Health Checks, with their own executor, ask how the devices are. */
public class HealthTest extends FelixTest {
    /** For sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    @Override
    protected List<Path> bundles() {
        return Stream.concat(super.bundles().stream(), Layout.optional("health").stream()).toList();
    }

    private Result result() {
        virtio.service(HealthCheck.class, "(hc.tags=virtio)");
        List<HealthCheckExecutionResult> results = virtio.service(HealthCheckExecutor.class).execute(
            HealthCheckSelector.tags("virtio"), new HealthCheckExecutionOptions().setForceInstantExecution(true));
        assertThat(results).hasSize(1);
        return results.get(0).getHealthCheckResult();
    }

    private static List<String> lines(Result result) {
        List<String> lines = new ArrayList<>();
        StreamSupport.stream(result.spliterator(), false).map(ResultLog.Entry::getMessage).forEach(lines::add);
        return lines;
    }

    @Test
    public void saysHowDevicesAre() throws Exception {
        assertThat(result().getStatus()).isEqualTo(Result.Status.OK);
        String path = virtio.target(TargetOptions.ram(folder.getRoot() + "/disk.sock", 1 << 20)).path;
        virtio.attach(path, "disk0");
        assertThat(result().getStatus()).isEqualTo(Result.Status.OK);
        assertThat(lines(result())).contains("disk0 is ready");
        virtio.stop("org.virtio.user");
        assertThat(result().getStatus()).isEqualTo(Result.Status.WARN);
        assertThat(lines(result())).contains("disk0 is suspended: the transport 'vhost-user' went");
        virtio.start("org.virtio.user");
        Await.until("it is ready", () -> result().getStatus() == Result.Status.OK);
        virtio.registry().detach("disk0");
        virtio.attach(path + "?grace=0", "disk0");
        virtio.service(TargetManager.class).delete(path);
        String reason = virtio.awaitFailure("disk0");
        assertThat(result().getStatus()).isEqualTo(Result.Status.CRITICAL);
        assertThat(lines(result())).contains("disk0 is failed: " + reason);
    }

    @Test
    public void comesAndGoesWithTheRegistryAndTheExecutor() {
        assertThat(result().getStatus()).isEqualTo(Result.Status.OK);
        for (String bundle : List.of("org.virtio.core", "org.apache.felix.healthcheck.core")) {
            virtio.stop(bundle);
            assertThat(virtio.references(HealthCheck.class, "(hc.tags=virtio)")).isEmpty();
            virtio.start(bundle);
            assertThat(result().getStatus()).isEqualTo(Result.Status.OK);
        }
    }
}
