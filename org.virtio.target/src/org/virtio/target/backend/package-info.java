// SPDX-License-Identifier: Apache-2.0
/** Vhost-user back ends: the socket, the session with a front end, and the service that creates and deletes them. */
package org.virtio.target.backend;
