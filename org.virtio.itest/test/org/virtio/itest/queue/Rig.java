// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.util.function.UnaryOperator;
import org.virtio.core.device.CoreDevice;
import org.virtio.device.DeviceAddress;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.itest.support.Stacks;
import org.virtio.posix.PosixException;
import org.virtio.spec.BlkFeature;
import org.virtio.transport.TransportProvider;
import org.virtio.user.VhostUserProvider;

/** A started block device without its driver and without a framework, so that a test can own its queues. */
final class Rig implements AutoCloseable {
    private final VhostUserProvider provider;
    private final CoreDevice device;

    /**
     * Opens and starts a device.
     *
     * @param options of the address, as {@code a=b&c=d}
     */
    static Rig open(String path, String options, int queues) throws VirtioException, PosixException {
        return open(path, options, queues, UnaryOperator.identity());
    }

    /**
     * The same with something between the device and its provider.
     *
     * @param between makes of the provider the one that the device is opened by
     */
    static Rig open(String path, String options, int queues, UnaryOperator<TransportProvider> between)
            throws VirtioException, PosixException {
        VhostUserProvider provider = new VhostUserProvider();
        CoreDevice device = null;
        try {
            DeviceAddress address = DeviceAddress.parse("vhost-user:" + path + "?" + options);
            device = Stacks.watch("opening " + address,
                () -> CoreDevice.open(between.apply(provider), address, type -> "disk"));
            start(device, queues);
            return new Rig(provider, device);
        } catch (VirtioException | RuntimeException | AssertionError e) {
            if (device != null) {
                device.close();
            }
            provider.deactivate();
            throw e;
        }
    }

    private static void start(CoreDevice device, int queues) throws VirtioException {
        device.negotiate(FeatureSet.of(BlkFeature.FLUSH, BlkFeature.MQ));
        device.start(queues, queues);
    }

    private Rig(VhostUserProvider provider, CoreDevice device) {
        this.provider = provider;
        this.device = device;
    }

    CoreDevice device() {
        return device;
    }

    /** Resets the device, of which nobody may own a queue any more, and starts it again. */
    void restart(int queues) throws VirtioException {
        device.stop();
        start(device, queues);
    }

    @Override
    public void close() {
        device.close();
        provider.deactivate();
    }
}
