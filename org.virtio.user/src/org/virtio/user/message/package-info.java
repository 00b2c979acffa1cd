// SPDX-License-Identifier: Apache-2.0
/**
 * The messages of the vhost-user protocol, for the front end and for the back end: QEMU's {@code docs/interop/vhost-user.rst},
 * whose section names are given here. All numbers on the wire are in the machine's native byte order.
 *
 * <p>This package depends on {@code org.virtio.posix} and {@code org.virtio.device} alone: a bundle that plays the other side
 * carries its own copy of it.
 */
package org.virtio.user.message;
