//! The C library's allocator, from which the memory of Rust and of GStreamer comes.

use nix::libc::{self, c_int};

/// From this size on a piece has a mapping of its own, which goes back to the system when it is freed: a picture, not a
/// message. Left alone, the allocator raises this with each larger piece that is freed.
const MAPPED_FROM: c_int = 1 << 18;
/// So much that is free at a heap's end stays for what comes next.
const KEPT: c_int = 1 << 20;

/// Has this process hold little more than it uses (mallopt(3)): one heap for all threads, whose gaps others fill, and large
/// pieces apart from it. To be called before there are threads.
#[allow(unsafe_code, reason = "calls of the C library")]
pub fn hold_little() {
    for (parameter, value) in [
        (libc::M_ARENA_MAX, 1),
        (libc::M_MMAP_THRESHOLD, MAPPED_FROM),
        (libc::M_TRIM_THRESHOLD, KEPT),
    ] {
        // SAFETY: mallopt(3) takes two numbers; what it does not know it refuses, and goes on as before.
        let taken = unsafe { libc::mallopt(parameter, value) };
        if taken == 0 {
            tracing::debug!(parameter, value, "the allocator is not told");
        }
    }
}

/// Gives memory that is free back to the system, wherever it lies between what is in use (malloc_trim(3)): after a call, not in
/// one, since other threads wait for the heap meanwhile.
#[allow(unsafe_code, reason = "calls of the C library")]
pub fn give_back() {
    // SAFETY: it moves nothing that is in use, and locks each heap while it looks.
    unsafe { libc::malloc_trim(0) };
}

/// Bytes that this process got from the allocator and has not freed (mallinfo2(3)); what is kept for later is not among them.
#[must_use]
#[allow(unsafe_code, reason = "calls of the C library")]
pub fn allocated() -> usize {
    // SAFETY: it returns a struct of numbers, and locks each heap while it counts.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}
