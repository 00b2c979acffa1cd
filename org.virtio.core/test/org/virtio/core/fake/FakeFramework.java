// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.fake;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Dictionary;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.virtio.device.VirtioDevice;

/** As much of a framework as the registry needs: it registers devices and tells one driver of them, synchronously. */
public final class FakeFramework {
    /** What is registered now. */
    public final List<Registered> services = new CopyOnWriteArrayList<>();
    public volatile Consumer<VirtioDevice> onRegister = device -> { };
    public volatile Consumer<VirtioDevice> onUnregister = device -> { };

    /** A registered device and its properties. */
    public static final class Registered {
        public final VirtioDevice device;
        public volatile Dictionary<?, ?> properties;
        private volatile boolean gone;

        Registered(VirtioDevice device, Dictionary<?, ?> properties) {
            this.device = device;
            this.properties = properties;
        }
    }

    /** The registry's context. */
    public BundleContext context() {
        return proxy(BundleContext.class, (method, arguments) -> {
            if (!method.getName().equals("registerService") || arguments[0] != VirtioDevice.class) {
                throw new UnsupportedOperationException(method.toString());
            }
            return register((VirtioDevice) arguments[1], (Dictionary<?, ?>) arguments[2]);
        });
    }

    private ServiceRegistration<?> register(VirtioDevice device, Dictionary<?, ?> properties) {
        Registered service = new Registered(device, properties);
        services.add(service);
        onRegister.accept(device);
        return proxy(ServiceRegistration.class, (method, arguments) -> {
            if (service.gone) {
                throw new IllegalStateException("unregistered");
            }
            switch (method.getName()) {
                case "setProperties" -> service.properties = (Dictionary<?, ?>) arguments[0];
                case "unregister" -> {
                    service.gone = true;
                    onUnregister.accept(device);
                    services.remove(service);
                }
                default -> throw new UnsupportedOperationException(method.toString());
            }
            return null;
        });
    }

    private interface Calls {
        Object call(Method method, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, Calls calls) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
            (self, method, arguments) -> calls.call(method, arguments)));
    }
}
