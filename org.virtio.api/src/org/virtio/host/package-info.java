// SPDX-License-Identifier: Apache-2.0
/** Devices that the host has and that a transport could open: found, handed over, given back, and announced. */
@Export
@Version("1.0.0")
package org.virtio.host;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
