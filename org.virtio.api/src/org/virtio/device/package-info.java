// SPDX-License-Identifier: Apache-2.0
/** A virtio device as its driver sees it, and the registry that opens and closes devices. */
@Export
@Version("1.0.0")
package org.virtio.device;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
