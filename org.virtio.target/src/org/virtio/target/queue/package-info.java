// SPDX-License-Identifier: Apache-2.0
/** The device side of split virtqueues, hardened against its driver, and the block requests that come over them. */
package org.virtio.target.queue;
