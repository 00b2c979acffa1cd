// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.itest.felix.FelixTest;

/** What {@link TransportSwaps} says, in Felix. */
public class TransportSwapTest extends FelixTest {
    /** For an image and sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    @Test
    public void nothingIsLostHoweverTheTransportGoesAndComes() throws Exception {
        TransportSwaps swaps = new TransportSwaps(context, folder.getRoot().toPath());
        swaps.run(Integer.getInteger("virtio.test.swaps"));
        swaps.pauses().print("a swap of the transport's bundle");
    }
}
