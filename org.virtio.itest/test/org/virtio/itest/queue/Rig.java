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
    private final CoreDevice device;
    private final Runnable end;

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
        return open(between.apply(provider), provider::deactivate, "vhost-user:" + path + "?" + options, queues);
    }

    /**
     * The same by another transport.
     *
     * @param end  called when the rig is closed, or cannot be opened
     * @param text the address
     */
    static Rig open(TransportProvider provider, Runnable end, String text, int queues) throws VirtioException {
        CoreDevice device = null;
        try {
            DeviceAddress address = DeviceAddress.parse(text);
            device = Stacks.watch("opening " + address,
                () -> CoreDevice.open(provider, address, type -> "disk"));
            start(device, queues);
            return new Rig(device, end);
        } catch (VirtioException | RuntimeException | AssertionError e) {
            if (device != null) {
                device.close();
            }
            end.run();
            throw e;
        }
    }

    private static void start(CoreDevice device, int queues) throws VirtioException {
        device.negotiate(FeatureSet.of(BlkFeature.FLUSH, BlkFeature.MQ));
        device.start(queues, queues);
    }

    private Rig(CoreDevice device, Runnable end) {
        this.device = device;
        this.end = end;
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
        end.run();
    }
}
