// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.util.Dictionary;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.virtio.blk.BlockDevice;

/** Takes the driver's services, and writes down what becomes of them. */
final class FakeFramework {
    final BlockingQueue<String> news = new LinkedBlockingQueue<>();
    volatile BlockDevice service;
    volatile Dictionary<?, ?> properties;

    BundleContext context() {
        return (BundleContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {BundleContext.class},
            (proxy, method, arguments) -> {
                assertThat(method.getName()).isEqualTo("registerService");
                service = (BlockDevice) arguments[1];
                properties = (Dictionary<?, ?>) arguments[2];
                news.add("registered");
                return registration();
            });
    }

    private ServiceRegistration<?> registration() {
        return (ServiceRegistration<?>) Proxy.newProxyInstance(getClass().getClassLoader(),
            new Class<?>[] {ServiceRegistration.class}, (proxy, method, arguments) -> {
                news.add(method.getName());
                return null;
            });
    }

    static BlkDriver.Config config(int spinMicros, int drainMillis) {
        return new BlkDriver.Config() {
            @Override
            public Class<? extends Annotation> annotationType() {
                return BlkDriver.Config.class;
            }

            @Override
            public int spinMicros() {
                return spinMicros;
            }

            @Override
            public int drainMillis() {
                return drainMillis;
            }

            @Override
            public int maxSuspended() {
                return 0;
            }
        };
    }
}
