//! File descriptors that the parent process left for us.

use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::Mutex;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// Descriptors that were taken already; each has one owner.
static TAKEN: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

/// Why a descriptor can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InheritError {
    /// The parent left nothing there.
    #[error("file descriptor {0} was not inherited: this program is started by saald")]
    NotOpen(RawFd),
    /// It has an owner in this process.
    #[error("file descriptor {0} was taken before")]
    Taken(RawFd),
}

/// Takes a descriptor that this process inherited, and keeps its own children from it.
///
/// # Errors
/// When it is not open, is one of the standard three, or was taken before.
pub fn take_inherited_fd(fd: RawFd) -> Result<OwnedFd, InheritError> {
    let mut taken = TAKEN
        .lock()
        .expect("nothing panics while it holds this lock");
    if taken.contains(&fd) {
        return Err(InheritError::Taken(fd));
    }
    if fd <= 2 {
        return Err(InheritError::NotOpen(fd));
    }
    // SAFETY: asking for flags of a number that is no descriptor is answered with EBADF; the
    // borrow ends with the call.
    #[allow(unsafe_code)]
    let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))
        .map_err(|_| InheritError::NotOpen(fd))?;
    taken.push(fd);
    // SAFETY: it is open, above the standard three, and `TAKEN` makes this its only owner: a
    // program calls this before it opens anything, with numbers that its parent agreed to.
    #[allow(unsafe_code)]
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
