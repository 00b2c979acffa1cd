// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.function.Supplier;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.Encoding;

/** The C library, for 64-bit Linux, where a C {@code long}, a {@code size_t} and an address fill one Java {@code long}. */
final class LibC {
    static final int O_RDWR = 2;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;

    private static final Functions FUNCTIONS = privileged(() -> LibraryLoader.create(Functions.class).load("c"));
    private static final Runtime RUNTIME = Runtime.getRuntime(FUNCTIONS);
    private static final MemoryIO MEMORY = MemoryIO.getInstance();

    private LibC() {
    }

    /** Does it with this bundle's permissions, where there is a security manager: who calls first may have less. */
    @SuppressWarnings("removal")
    static <T> T privileged(Supplier<T> action) {
        return AccessController.doPrivileged((PrivilegedAction<T>) action::get);
    }

    static Functions libc() {
        return FUNCTIONS;
    }

    /** The error of this thread's last call; jffi saves it before the JVM can overwrite it. */
    static int errno() {
        return RUNTIME.getLastError();
    }

    static PosixException failure(String call, String detail) {
        return new PosixException(call, detail, errno());
    }

    static int check(int result, String call, String detail) throws PosixException {
        if (result < 0) {
            throw failure(call, detail);
        }
        return result;
    }

    static Pointer pointer(long address) {
        return Pointer.wrap(RUNTIME, address);
    }

    /** Zeroed memory outside the heap, in the machine's byte order; it lives as long as the buffer is reachable. */
    static ByteBuffer allocate(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    /** The address of a direct buffer's index 0, whatever its position. */
    static long address(ByteBuffer direct) {
        return MEMORY.getDirectBufferAddress(direct);
    }

    static ByteBuffer view(long address, int size) {
        return MEMORY.newDirectByteBuffer(address, size);
    }

    /**
     * Public to the JVM, because the class that jnr-ffi generates for it has a class loader, and so a package, of its own.
     * Memory is passed by address: this allocates nothing, and the caller keeps the buffer reachable across the call.
     */
    public interface Functions {
        /** Without the mode that a file is created with, which takes a third argument. */
        int open(@Encoding("UTF-8") String path, int flags);

        int close(int fd);

        int fcntl(int fd, int command, long argument);

        int ioctl(int fd, long request, long argument);

        long read(int fd, long buffer, long count);

        long write(int fd, long buffer, long count);

        long pread(int fd, long buffer, long count, long offset);

        long pwrite(int fd, long buffer, long count, long offset);

        int poll(long pollfds, long count, int timeoutMillis);

        int memfd_create(@Encoding("UTF-8") String name, int flags);

        int ftruncate(int fd, long length);

        int fstatfs(int fd, long statfs);

        int statx(int directory, @Encoding("UTF-8") String path, int flags, int mask, long statx);

        /** With six parameters that are all primitives jnr-ffi 2.3.2 passes garbage for the sixth, so the address is none. */
        long mmap(Pointer address, long length, int protection, int flags, int fd, long offset);

        int munmap(long address, long length);

        int eventfd(int initial, int flags);

        int timerfd_create(int clock, int flags);

        int timerfd_settime(int fd, int flags, long newTimes, long oldTimes);

        int epoll_create1(int flags);

        int epoll_ctl(int epoll, int operation, int fd, long event);

        int epoll_wait(int epoll, long events, int maximum, int timeoutMillis);

        int socket(int domain, int type, int protocol);

        int socketpair(int domain, int type, int protocol, long fds);

        int connect(int fd, long address, int length);

        int bind(int fd, long address, int length);

        int listen(int fd, int backlog);

        int accept4(int fd, long address, long length, int flags);

        int shutdown(int fd, int how);

        int getsockopt(int fd, int level, int option, long value, long length);

        long sendmsg(int fd, long message, int flags);

        long recvmsg(int fd, long message, int flags);

        int fchmod(int fd, int mode);

        int chmod(@Encoding("UTF-8") String path, int mode);

        int unlink(@Encoding("UTF-8") String path);

        long sysconf(int name);
    }
}
