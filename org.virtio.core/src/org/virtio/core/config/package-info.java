// SPDX-License-Identifier: Apache-2.0
/** Devices that are declared by configurations. */
package org.virtio.core.config;
