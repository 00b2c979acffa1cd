// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Opens and closes devices: a service. An attached device stays declared until it is detached.
 *
 * <p>When it loses its transport, because the provider goes or the device cannot be reached, it is suspended for as long as
 * the option {@code grace} of its address says, and goes on when the transport is back ({@link DeviceState#SUSPENDED}). A device
 * that no driver has started is closed instead, and so is one that nobody reached in time; it is opened anew when that is
 * possible. Thread-safe.
 */
@ProviderType
public interface DeviceRegistry {
    /**
     * Looks at an address as {@link #attach} and {@link #move} do before they touch anything, and touches nothing.
     *
     * @throws IllegalArgumentException if an option of the address is unknown or out of range, or the location is malformed; the
     *     message names the option and what is accepted
     * @throws VirtioException          if no provider for the address's scheme is there (the message lists those that are), so
     *     that nothing was looked at but the {@linkplain DeviceAddress#COMMON_OPTIONS common options}, or if there is one, and it
     *     does not have at present what the address asks of it
     */
    void check(DeviceAddress address) throws VirtioException;

    /**
     * Declares a device and opens it. When this returns, its {@link VirtioDevice} service is registered and the drivers
     * that bind to it synchronously have done so.
     *
     * @param address the device's address
     * @param name    unique; letters, digits, {@code . _ -}, at most 64; or null for the one in the address's option
     *     {@code name}, or else the first free one of its type, such as {@code blk0}
     * @return the open device
     * @throws IllegalArgumentException if the name is malformed or the address has bad options
     * @throws VirtioException          if the name is taken, no provider for the address's scheme is there (the message
     *     lists those that are), or the device cannot be opened; nothing is declared then
     */
    VirtioDevice attach(DeviceAddress address, String name) throws VirtioException;

    /**
     * Declares a device, whether or not it is there: it is opened, by a thread of the registry's, as soon as that is possible.
     * Until then {@link #devices} tells why it is not.
     *
     * @param name as in {@link #attach}, and not null
     * @throws IllegalArgumentException if the name is malformed or the address has bad options; where no provider is there yet,
     *     only the {@linkplain DeviceAddress#COMMON_OPTIONS common options} are looked at, and {@link #devices} tells of others
     *     when it has come
     * @throws VirtioException          if the name is taken
     */
    void declare(DeviceAddress address, String name) throws VirtioException;

    /**
     * Closes a device and forgets it.
     *
     * @throws VirtioException if there is none of that name; the message lists those that are there
     */
    void detach(String name) throws VirtioException;

    /**
     * Has a device go on at another address, where there must be what its driver relies on: the features, the queues, the
     * capacity of a disk. The device is suspended meanwhile: services stay, nothing that is in flight is lost, its users notice
     * nothing but a pause.
     *
     * @throws IllegalArgumentException if the address has bad options: the device is not touched
     * @throws VirtioException          as {@link #check} does, if there is none of that name, or if no driver has started it: it
     *     is not touched then; or if there is not what it needs: it goes on where it was then
     */
    void move(String name, DeviceAddress address) throws VirtioException;

    /** All declared devices in the order in which they were attached. */
    List<DeviceDTO> devices();

    /** The open device of that name, or null. */
    VirtioDevice device(String name);

    /** The schemes for which a provider is there, sorted. */
    List<String> transports();
}
