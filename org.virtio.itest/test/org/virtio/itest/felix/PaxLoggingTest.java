// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.OptionUtils;
import org.osgi.service.cm.ConfigurationAdmin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.itest.support.Await;

/** Log levels where Pax Logging has them, as in Karaf. */
public class PaxLoggingTest extends FelixTest {
    private static final String NAME = "org.virtio.core.registry";
    private static final Logger LOG = LoggerFactory.getLogger(NAME + ".None");

    private Session session;
    private org.osgi.service.cm.Configuration configuration;

    /** Without its own configuration, Pax Logging logs everything to standard output. */
    @Override
    @Configuration
    public Option[] configuration() throws IOException {
        return OptionUtils.combine(super.configuration(),
            frameworkProperty("org.ops4j.pax.logging.DefaultServiceLog.level").value("ERROR"));
    }

    @Override
    protected List<Path> bundles() {
        Path replaced = Layout.home().resolve("bundle/logging");
        return Stream.concat(Layout.optional("logging").stream(),
            super.bundles().stream().filter(bundle -> !bundle.startsWith(replaced))).toList();
    }

    @Before
    public void configure() throws IOException {
        session = new Session(virtio);
        configuration = virtio.service(ConfigurationAdmin.class).getConfiguration("org.ops4j.pax.logging", null);
    }

    @After
    public void unconfigure() throws IOException {
        session.close();
        configuration.delete();
    }

    @Test
    public void levelsAreSetAndTakenBack() throws Exception {
        configuration.update(new Hashtable<>(Map.of("log4j2.rootLogger.level", "WARN", "log4j2.logger.other.name", "org.other",
            "log4j2.logger.other.level", "ERROR")));
        assertThat(session.text("virtio:log")).isEqualTo("""
            LOGGER     LEVEL  FROM
            ROOT       warn
            org.other  error""");
        Await.until("levels are as configured", () -> LOG.isWarnEnabled() && !LOG.isInfoEnabled());
        session.run("virtio:log " + NAME + " debug");
        Await.until("debug is logged", () -> LOG.isDebugEnabled() && !LOG.isTraceEnabled());
        assertThat(session.text("virtio:log org.virtio.core")).containsPattern("core +warn +ROOT\n.*registry +debug");
        session.run("virtio:log " + NAME + " default");
        Await.until("debug is not logged any more", () -> !LOG.isDebugEnabled());
        session.run("virtio:log ROOT trace");
        Await.until("everything is logged", LOG::isTraceEnabled);
        session.run("virtio:log ROOT warn");
        assertThat(session.text("virtio:log")).contains("org.other").doesNotContain(NAME);
        Await.until("levels are as configured", () -> !LOG.isInfoEnabled());
    }

    @Test
    public void withoutAConfigurationThereIsNothingToSet() {
        assertThatThrownBy(() -> session.run("virtio:log ROOT debug")).hasMessageContaining("org.ops4j.pax.logging");
        assertThatThrownBy(() -> session.run("virtio:log nonsense debug")).hasMessageContaining("org.virtio.core");
    }
}
