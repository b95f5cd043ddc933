//! The end of this process.

use nix::libc;

/// Ends this process with this status, at once (_exit(2)): what libraries wanted to do at its end they don't do. Drivers take
/// themselves down there while threads of theirs still run, and crash; the kernel takes back all that they have anyway.
///
/// What is to be written has to be written before.
#[allow(unsafe_code, reason = "a call of the C library")]
pub fn end_at_once(status: u8) -> ! {
    // SAFETY: it takes a number and does not return; nothing of ours runs after it.
    unsafe { libc::_exit(status.into()) }
}
