// SPDX-License-Identifier: Apache-2.0
/** Which devices are declared, which transports are there, and the services of those that are open. */
package org.virtio.core.registry;
