// SPDX-License-Identifier: Apache-2.0
/** Virtqueues: making buffers available to the device and taking used ones back (section 2.6). */
@Export
@Version("1.0.0")
package org.virtio.queue;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
