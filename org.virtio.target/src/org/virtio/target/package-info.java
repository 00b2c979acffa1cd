// SPDX-License-Identifier: Apache-2.0
/** An embedded vhost-user back end: block devices in RAM or in a file, served on UNIX sockets. */
@Export
@Version("1.0.0")
package org.virtio.target;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
