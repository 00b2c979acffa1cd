// SPDX-License-Identifier: Apache-2.0
/** The transport {@code vhost-user}: opens devices whose back end is another process on this host. */
package org.virtio.user;
