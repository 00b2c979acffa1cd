// SPDX-License-Identifier: Apache-2.0
/** The life of one device: initialisation, features, queues and their owners, the order of death. */
package org.virtio.core.device;
