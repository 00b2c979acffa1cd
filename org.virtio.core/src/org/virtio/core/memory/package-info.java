// SPDX-License-Identifier: Apache-2.0
/** Memory that driver and device share: regions that a transport maps, and the buffers that are cut from them. */
package org.virtio.core.memory;
