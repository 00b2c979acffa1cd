// SPDX-License-Identifier: Apache-2.0
/** Tells Felix Health Checks, where they are, how devices are. */
package org.virtio.core.health;
