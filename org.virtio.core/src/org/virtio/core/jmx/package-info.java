// SPDX-License-Identifier: Apache-2.0
/** Devices and their queues as MBeans. */
package org.virtio.core.jmx;
