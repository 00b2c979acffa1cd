// SPDX-License-Identifier: Apache-2.0
/** The numbers that the VIRTIO specification fixes: one class per structure or registry, all little-endian (section 1.4). */
@Export
@Version("1.0.0")
package org.virtio.spec;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
