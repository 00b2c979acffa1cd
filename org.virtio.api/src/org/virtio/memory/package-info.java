// SPDX-License-Identifier: Apache-2.0
/** Memory that driver and device share. */
@Export
@Version("1.0.0")
package org.virtio.memory;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
