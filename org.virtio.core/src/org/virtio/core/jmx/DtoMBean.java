// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.jmx;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.DynamicMBean;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanException;
import javax.management.MBeanInfo;
import javax.management.ReflectionException;
import org.osgi.dto.DTO;

/**
 * Shows the public fields of a DTO as attributes that can be read. Each look takes a snapshot of its own, and nothing is kept
 * between them. Values have types of the JDK alone, so that a client needs no class of ours: a collection is an array of
 * strings, and so is a map, each {@code key=value}.
 */
final class DtoMBean implements DynamicMBean {
    private final Supplier<? extends DTO> source;
    private final Map<String, Field> fields = new LinkedHashMap<>();
    private final MBeanInfo info;

    /**
     * Shows a kind of DTO.
     *
     * @param source makes a snapshot, or throws IllegalStateException when there is nothing to be seen any more
     */
    <T extends DTO> DtoMBean(String description, Class<T> type, Supplier<T> source) {
        this.source = source;
        for (Field field : type.getFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                fields.put(field.getName(), field);
            }
        }
        MBeanAttributeInfo[] attributes = fields.values().stream().map(DtoMBean::describe).toArray(MBeanAttributeInfo[]::new);
        info = new MBeanInfo(DtoMBean.class.getName(), description, attributes, null, null, null);
    }

    private static MBeanAttributeInfo describe(Field field) {
        Class<?> type = isMany(field.getType()) ? String[].class : field.getType();
        return new MBeanAttributeInfo(field.getName(), type.getName(), words(field.getName()), true, false, false);
    }

    private static boolean isMany(Class<?> type) {
        return Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type);
    }

    /** {@code notificationsSent}: notifications sent. */
    private static String words(String name) {
        return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
    }

    @Override
    public MBeanInfo getMBeanInfo() {
        return info;
    }

    @Override
    public Object getAttribute(String name) throws AttributeNotFoundException, MBeanException, ReflectionException {
        Field field = fields.get(name);
        if (field == null) {
            throw new AttributeNotFoundException(name);
        }
        try {
            return value(field, source.get());
        } catch (IllegalStateException e) {
            throw new MBeanException(e);
        } catch (IllegalAccessException e) {
            throw new ReflectionException(e);
        }
    }

    /** All of one snapshot. What cannot be had is left out, as the contract demands. */
    @Override
    public AttributeList getAttributes(String[] names) {
        AttributeList list = new AttributeList();
        try {
            DTO dto = source.get();
            for (String name : names) {
                if (fields.containsKey(name)) {
                    list.add(new Attribute(name, value(fields.get(name), dto)));
                }
            }
        } catch (IllegalStateException | IllegalAccessException e) {
            list.clear();
        }
        return list;
    }

    private static Object value(Field field, DTO dto) throws IllegalAccessException {
        Object value = field.get(dto);
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().map(entry -> entry.getKey() + "=" + text(entry.getValue())).toArray(String[]::new);
        }
        return value instanceof Collection<?> many ? many.stream().map(DtoMBean::text).toArray(String[]::new) : value;
    }

    private static String text(Object value) {
        return value instanceof Object[] array ? Arrays.toString(array) : String.valueOf(value);
    }

    @Override
    public void setAttribute(Attribute attribute) throws AttributeNotFoundException {
        throw new AttributeNotFoundException(attribute.getName() + " cannot be written");
    }

    @Override
    public AttributeList setAttributes(AttributeList attributes) {
        return new AttributeList();
    }

    @Override
    public Object invoke(String name, Object[] parameters, String[] signature) throws ReflectionException {
        throw new ReflectionException(new NoSuchMethodException(name), "there are no operations");
    }
}
