//! Descriptors that go from one process to another with a message (unix(7), SCM_RIGHTS).

use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
};

use nix::{
    cmsg_space,
    sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg},
};

/// So many come with one message at most; the kernel closes further ones.
const MOST: usize = 3;

/// Sends this text, which is not empty, and these descriptors with it, three at most.
///
/// # Errors
/// When the other end is closed, or does not take the whole text at once: texts are short.
pub fn send_descriptors(
    socket: &impl AsFd,
    text: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let rights = if numbers.is_empty() { &[] } else { &rights[..] };
    let sent = sendmsg::<()>(
        socket.as_fd().as_raw_fd(),
        &[IoSlice::new(text)],
        rights,
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    if sent == text.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::WriteZero.into())
    }
}

/// Receives text and the descriptors that came with it, which none of this process's children inherits. A length of 0: the
/// other end is closed.
///
/// # Errors
/// When the socket is none, or fails.
pub fn receive_descriptors(
    socket: &impl AsFd,
    text: &mut [u8],
) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut rights = cmsg_space!([RawFd; MOST]);
    let mut parts = [IoSliceMut::new(text)];
    let (socket, flags) = (socket.as_fd().as_raw_fd(), MsgFlags::MSG_CMSG_CLOEXEC);
    let got = recvmsg::<()>(socket, &mut parts, Some(&mut rights), flags)?;
    let numbers: Vec<RawFd> = got
        .cmsgs()?
        .filter_map(|message| match message {
            ControlMessageOwned::ScmRights(numbers) => Some(numbers),
            _ => None,
        })
        .flatten()
        .collect();
    // SAFETY: the kernel made these descriptors for this process with this message, and nobody else knows of them.
    #[allow(unsafe_code)]
    let descriptors = numbers
        .into_iter()
        .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    Ok((got.bytes, descriptors.collect()))
}
