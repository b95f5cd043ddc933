//! What the kernel says when something is plugged in or pulled out.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
    },
};

/// Groups of NETLINK_KOBJECT_UEVENT: the kernel's own messages, which come when the device is there, and those that udev sends
/// on once it has given the device its owner and rights. Without udev only the first ones come.
const KERNEL: u32 = 1;
const UDEV: u32 = 2;
/// The kernel's messages are at most 2 KiB long (UEVENT_BUFFER_SIZE), udev's at most this.
const LONGEST: usize = 8 << 10;

/// A socket that hears when a device comes or goes. What it says is only a reason to look at what there is: who
/// else may write to it can make us look, and no more.
#[derive(Debug)]
pub struct PlugEvents {
    socket: OwnedFd,
}

impl PlugEvents {
    /// Begins to listen.
    ///
    /// # Errors
    /// What the kernel says, such as in a sandbox without netlink.
    pub fn open() -> io::Result<Self> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkKObjectUEvent,
        )?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, KERNEL | UDEV))?;
        Ok(Self { socket })
    }

    /// Waits for as long as this. True: cameras, sound devices or displays may be others than before.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let timeout = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        matches!(poll(&mut fds, timeout), Ok(1..)) && self.drain()
    }

    /// Takes all that came, without waiting. True: cameras, sound devices or displays may be others than before.
    #[must_use]
    pub fn drain(&self) -> bool {
        let mut message = vec![0; LONGEST];
        let mut any = false;
        loop {
            match recv(
                self.socket.as_raw_fd(),
                &mut message,
                MsgFlags::MSG_DONTWAIT,
            ) {
                Ok(length) => any |= concerns(&message[..length]),
                Err(Errno::EINTR) => {}
                // So many came that some were lost.
                Err(Errno::ENOBUFS) => any = true,
                Err(_) => return any,
            }
        }
    }
}

/// Whether a message is about pictures, sound or displays. Properties stand one after the other, each ended by a zero byte, in both kinds
/// of message.
fn concerns(message: &[u8]) -> bool {
    message.split(|byte| *byte == 0).any(|property| {
        matches!(
            property,
            b"SUBSYSTEM=video4linux" | b"SUBSYSTEM=sound" | b"SUBSYSTEM=drm"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_and_sound_are_a_reason_to_look() {
        let kernel = b"add@/devices/pci0000:00/usb1/1-2/1-2:1.0/video4linux/video0\0ACTION=add\0\
            SUBSYSTEM=video4linux\0DEVNAME=video0\0";
        assert!(concerns(kernel));
        let mut udev = b"libudev\0\xfe\xed\xca\xfe\x28\0\0\0".to_vec();
        udev.extend(b"ACTION=remove\0SUBSYSTEM=sound\0");
        assert!(concerns(&udev));
        assert!(!concerns(b"add@/devices/x\0ACTION=add\0SUBSYSTEM=block\0"));
        assert!(!concerns(b"add@/SUBSYSTEM=sound/x\0ACTION=add\0"));
        assert!(!concerns(b""));
    }
}
