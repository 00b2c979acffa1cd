// SPDX-License-Identifier: Apache-2.0
/** Tells EventAdmin, where there is one, what happens to devices. */
package org.virtio.core.event;
