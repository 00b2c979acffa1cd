// SPDX-License-Identifier: Apache-2.0
/**
 * The virtio-blk driver.
 *
 * <p>From the ring up: {@code RequestSlots} turns one request into one descriptor chain, {@code RequestEngine} adds
 * splitting, completion and failure, {@code BlkQueue} is what an owner thread sees, and {@code Poller} is the driver's own
 * owner thread, fed with {@code Submission}s. {@code QueueSet} says who owns which queue; {@code BlkDevice} is the service.
 */
package org.virtio.blk.driver;
