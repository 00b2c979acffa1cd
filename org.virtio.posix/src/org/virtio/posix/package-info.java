// SPDX-License-Identifier: Apache-2.0
/** What the driver stack needs of Linux, and nothing else calls libc: shared memory, eventfd, epoll, Unix sockets, ioctl. */
@Export
@Version("1.0.0")
package org.virtio.posix;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
