// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class FileDescriptorTest {
  private static FileDescriptor open() {
    return FileDescriptor.adopt(LibC.libc().eventfd(0, 0));
  }

  @Test
  void isCountedWhileOpen() {
    long before = OpenResources.fileDescriptors();
    FileDescriptor fd = open();
    assertThat(OpenResources.fileDescriptors()).isEqualTo(before + 1);
    fd.close();
    assertThat(OpenResources.fileDescriptors()).isEqualTo(before);
  }

  @Test
  void closesTheDescriptorOnce() {
    FileDescriptor fd = open();
    int number = fd.intValue();
    fd.close();
    assertThat(fd.isOpen()).isFalse();
    assertThat(Kernel.isOpen(number)).isFalse();
    try (FileDescriptor reuse = open()) {
      assertThat(reuse.intValue()).isEqualTo(number);
      fd.close();
      assertThat(Kernel.isOpen(number)).isTrue();
    }
  }

  @Test
  void closesOnceWhenManyThreadsClose() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int i = 0; i < 2_000; i++) {
        FileDescriptor fd = open();
        long open = OpenResources.fileDescriptors();
        CyclicBarrier start = new CyclicBarrier(2);
        Runnable close = () -> {
          await(start);
          fd.close();
        };
        Future<?> first = threads.submit(close);
        Future<?> second = threads.submit(close);
        first.get();
        second.get();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(open - 1);
      }
    } finally {
      threads.shutdown();
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void staysOpenForCallsThatUseItWhenClosed() {
    FileDescriptor fd = open();
    int number = fd.acquire();
    fd.acquire();
    fd.close();
    assertThat(fd.isOpen()).isFalse();
    assertThat(fd.acquire()).isEqualTo(FileDescriptor.NONE);
    assertThat(Kernel.isOpen(number)).isTrue();
    fd.release();
    assertThat(Kernel.isOpen(number)).isTrue();
    fd.release();
    assertThat(Kernel.isOpen(number)).isFalse();
  }

  @Test
  void duplicateHasALifeOfItsOwn() throws Exception {
    FileDescriptor fd = open();
    try (FileDescriptor duplicate = fd.duplicate()) {
      assertThat(duplicate.intValue()).isNotEqualTo(fd.intValue());
      fd.close();
      assertThat(Kernel.isOpen(duplicate.intValue())).isTrue();
      assertThat(Kernel.isCloseOnExec(duplicate.intValue())).isTrue();
    }
  }

  @Test
  void refusesUseWhenClosed() {
    FileDescriptor fd = open();
    fd.close();
    assertThatIllegalStateException().isThrownBy(fd::intValue);
    assertThatIllegalStateException().isThrownBy(fd::duplicate);
  }

  @Test
  void refusesWhatIsNoDescriptor() {
    assertThatIllegalArgumentException().isThrownBy(() -> FileDescriptor.adopt(-1));
  }
}
