// SPDX-License-Identifier: Apache-2.0
/**
 * How PCI functions are reached: one {@link AccessPath} service for each way, behind which the transport does not look. A
 * bundle that registers a further one adds a way without a change here.
 */
@Export
@Version("1.0.0")
package org.virtio.pci.access;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
