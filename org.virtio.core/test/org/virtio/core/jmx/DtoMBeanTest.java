// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.jmx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import javax.management.Attribute;
import javax.management.AttributeNotFoundException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.ReflectionException;
import org.junit.jupiter.api.Test;
import org.osgi.dto.DTO;
import org.virtio.core.fake.Await;
import org.virtio.device.DeviceDTO;
import org.virtio.queue.QueueDTO;

class DtoMBeanTest {
    private int looks;
    private final DtoMBean bean = new DtoMBean("a device", DeviceDTO.class, this::look);

    private DeviceDTO look() {
        DeviceDTO dto = new DeviceDTO();
        dto.name = "disk" + looks++;
        dto.maxQueues = 3;
        dto.deviceFeatures = List.of("VERSION_1", "EVENT_IDX");
        dto.transportDetails = Map.of("protocol features", List.of("MQ"));
        return dto;
    }

    @Test
    void eachPublicFieldIsAnAttributeWithADescription() {
        MBeanAttributeInfo[] attributes = bean.getMBeanInfo().getAttributes();
        assertThat(attributes).hasSameSizeAs(DeviceDTO.class.getFields());
        assertThat(attributes).allMatch(attribute -> attribute.isReadable() && !attribute.isWritable());
        assertThat(attributes).filteredOn(attribute -> attribute.getName().equals("memoryAllocated"))
            .singleElement().satisfies(attribute -> {
                assertThat(attribute.getType()).isEqualTo("long");
                assertThat(attribute.getDescription()).isEqualTo("memory allocated");
            });
        assertThat(bean.getMBeanInfo().getDescription()).isEqualTo("a device");
        assertThat(bean.getMBeanInfo().getOperations()).isEmpty();
    }

    @Test
    void valuesAreOfTheJdksTypesAlone() throws Exception {
        assertThat(bean.getAttribute("maxQueues")).isEqualTo(3);
        assertThat(bean.getAttribute("deviceFeatures")).isEqualTo(new String[] {"VERSION_1", "EVENT_IDX"});
        assertThat(bean.getAttribute("transportDetails")).isEqualTo(new String[] {"protocol features=[MQ]"});
        assertThat(bean.getAttribute("failure")).isNull();
        for (MBeanAttributeInfo attribute : bean.getMBeanInfo().getAttributes()) {
            Object value = bean.getAttribute(attribute.getName());
            assertThat(value == null || value.getClass().getClassLoader() == null).as(attribute.getName()).isTrue();
        }
    }

    @Test
    void eachLookIsFreshAndOneForMany() throws Exception {
        assertThat(bean.getAttribute("name")).isEqualTo("disk0");
        assertThat(bean.getAttribute("name")).isEqualTo("disk1");
        assertThat(bean.getAttributes(new String[] {"name", "no such", "maxQueues"}))
            .containsExactly(new Attribute("name", "disk2"), new Attribute("maxQueues", 3));
        assertThat(looks).isEqualTo(3);
    }

    @Test
    void nothingElseCanBeDone() {
        assertThatExceptionOfType(AttributeNotFoundException.class).isThrownBy(() -> bean.getAttribute("no such"));
        assertThatExceptionOfType(AttributeNotFoundException.class)
            .isThrownBy(() -> bean.setAttribute(new Attribute("name", "other")));
        assertThat(bean.setAttributes(new javax.management.AttributeList(List.of(new Attribute("name", "other"))))).isEmpty();
        assertThatExceptionOfType(ReflectionException.class).isThrownBy(() -> bean.invoke("stop", null, null));
    }

    @Test
    void whatIsGoneSaysSo() {
        DtoMBean gone = new DtoMBean("gone", QueueDTO.class, () -> {
            throw new IllegalStateException("no queue any more");
        });
        assertThatExceptionOfType(MBeanException.class).isThrownBy(() -> gone.getAttribute("size"))
            .withStackTraceContaining("no queue any more");
        assertThat(gone.getAttributes(new String[] {"size"})).isEmpty();
    }

    /** The classes of a bundle that is gone: the MBean alone, in a loader of its own. */
    private static final class BundleLoader extends ClassLoader {
        BundleLoader() {
            super(DtoMBeanTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            return name.equals(DtoMBean.class.getName()) ? define(name) : super.loadClass(name, resolve);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    @Test
    void nothingOfTheBundleIsKeptOnceItIsUnregistered() throws Exception {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        ObjectName name = new ObjectName("org.virtio.test:type=Leak");
        WeakReference<ClassLoader> loader = registerAndUse(server, name);
        assertThat(loader.get()).as("it is in use").isNotNull();
        server.unregisterMBean(name);
        Await.until("the class loader is gone", () -> {
            System.gc();
            return loader.get() == null;
        });
    }

    private static WeakReference<ClassLoader> registerAndUse(MBeanServer server, ObjectName name) throws Exception {
        BundleLoader loader = new BundleLoader();
        var constructor = loader.loadClass(DtoMBean.class.getName())
            .getDeclaredConstructor(String.class, Class.class, Supplier.class);
        constructor.setAccessible(true);
        Supplier<DTO> source = QueueDTO::new;
        Object bean = constructor.newInstance("leak", QueueDTO.class, source);
        assertThat(bean).isNotInstanceOf(DtoMBean.class);
        server.registerMBean(bean, name);
        String[] names = Arrays.stream(server.getMBeanInfo(name).getAttributes()).map(MBeanAttributeInfo::getName)
            .toArray(String[]::new);
        assertThat(server.getAttributes(name, names)).hasSameSizeAs(names);
        return new WeakReference<>(loader);
    }
}
