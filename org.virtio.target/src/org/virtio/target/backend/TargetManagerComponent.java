// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.VirtioException;
import org.virtio.target.TargetDTO;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/**
 * The targets of this bundle. Immediate, since they are to outlive those who have them created: otherwise they would end with
 * the last user of this service, such as the shell.
 */
@Component(immediate = true)
public final class TargetManagerComponent implements TargetManager {
    private static final Logger LOG = LoggerFactory.getLogger(TargetManagerComponent.class);

    private final Map<String, BlockTarget> targets = new ConcurrentSkipListMap<>();
    private boolean closed;

    @Override
    public synchronized TargetDTO create(TargetOptions options) throws VirtioException {
        if (closed) {
            throw new VirtioException("no target can be created any more: the bundle stops");
        }
        if (options.path() != null && targets.containsKey(options.path())) {
            throw new VirtioException("there is a target on " + options.path() + " already");
        }
        BlockTarget target = new BlockTarget(options);
        targets.put(options.path(), target);
        return target.dto();
    }

    @Override
    public synchronized void delete(String path) throws VirtioException {
        find(path).close();
        targets.remove(path);
    }

    @Override
    public synchronized TargetDTO resize(String path, long newSize) throws VirtioException {
        BlockTarget target = find(path);
        target.resize(newSize);
        return target.dto();
    }

    @Override
    public List<TargetDTO> list() {
        return targets.values().stream().map(BlockTarget::dto).toList();
    }

    /** Closes all targets; each has its own try, so that one that fails leaves no other behind. */
    @Deactivate
    public synchronized void close() {
        closed = true;
        targets.values().forEach(target -> {
            try {
                target.close();
            } catch (RuntimeException e) {
                LOG.error("Closing target {}", target.name(), e);
            }
        });
        targets.clear();
    }

    private BlockTarget find(String path) throws VirtioException {
        BlockTarget target = targets.get(path);
        if (target == null) {
            throw new VirtioException("there is no target on " + path + "; there are " + targets.keySet());
        }
        return target;
    }
}
