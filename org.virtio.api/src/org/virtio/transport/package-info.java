// SPDX-License-Identifier: Apache-2.0
/** What a transport bundle implements: providers that open devices, and the operations on one open device. */
@Export
@Version("1.0.0")
package org.virtio.transport;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
