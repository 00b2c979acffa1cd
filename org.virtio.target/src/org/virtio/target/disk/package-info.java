// SPDX-License-Identifier: Apache-2.0
/** What a target serves: disks in RAM, in a file, or nowhere. */
package org.virtio.target.disk;
