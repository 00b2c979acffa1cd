// SPDX-License-Identifier: Apache-2.0
/** Block devices: the service that the virtio-blk driver registers, and its queues. */
@Export
@Version("1.0.0")
package org.virtio.blk;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
