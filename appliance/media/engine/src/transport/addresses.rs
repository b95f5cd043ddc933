//! This machine's addresses, and word of their coming and going (rtnetlink(7)).
//!
//! The kernel tells of a change at once; a look every second would cost a second of silence. What
//! it says is only that something changed: the addresses are then read anew.

use std::{
    net::{IpAddr, Ipv4Addr},
    os::fd::{AsRawFd, OwnedFd},
};

use nix::{
    errno::Errno,
    ifaddrs::getifaddrs,
    net::if_::InterfaceFlags,
    sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
    },
};
use tokio::io::unix::AsyncFd;

/// Where servers on this very machine are reached.
pub(super) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Links, IPv4 addresses and IPv6 addresses (RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR).
const GROUPS: u32 = 0x1 | 0x10 | 0x100;
/// A message of the kernel about an address is some 100 bytes.
const MESSAGE: usize = 4096;

/// Hears of changes.
#[derive(Debug)]
pub(super) struct Changes {
    kernel: Option<AsyncFd<OwnedFd>>,
}

impl Changes {
    /// Where the kernel tells nothing, addresses stay what they are.
    #[expect(
        deprecated,
        reason = "its successor is unsafe to call; what that asks for, an OwnedFd keeps"
    )]
    pub(super) fn watch() -> Self {
        let kernel = subscribe()
            .map_err(std::io::Error::from)
            .and_then(AsyncFd::new)
            .inspect_err(|error| tracing::warn!(%error, "changes of addresses go unnoticed"));
        Self {
            kernel: kernel.ok(),
        }
    }

    /// Waits until something changed since the last time.
    pub(super) async fn next(&self) {
        let Some(kernel) = &self.kernel else {
            return std::future::pending().await;
        };
        match kernel.readable().await {
            Ok(mut ready) => {
                drain(kernel.get_ref());
                ready.clear_ready();
            }
            Err(_) => std::future::pending().await,
        }
    }
}

fn subscribe() -> Result<OwnedFd, Errno> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let kind = SockType::Raw;
    let fd = socket(
        AddressFamily::Netlink,
        kind,
        flags,
        SockProtocol::NetlinkRoute,
    )?;
    bind(fd.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
    Ok(fd)
}

/// Reads all that is there; that some was lost for want of room is a change too.
fn drain(fd: &OwnedFd) {
    let mut buffer = [0; MESSAGE];
    loop {
        match recv(fd.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(_) | Err(Errno::ENOBUFS | Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

/// Addresses that others may reach, without loopback and link-local ones: those of interfaces with
/// a carrier, or of all that are up when none has one, since a cable that is loose for a moment is
/// no reason to leave.
pub(super) fn present() -> Vec<IpAddr> {
    let carrier = with(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING);
    if carrier.is_empty() {
        with(InterfaceFlags::IFF_UP)
    } else {
        carrier
    }
}

/// Whether this machine is somewhere, and not there any more. A socket that is bound there reaches nobody.
pub(super) fn is_gone(address: IpAddr) -> bool {
    let present = present();
    !address.is_loopback() && !present.is_empty() && !present.contains(&address)
}

fn with(flags: InterfaceFlags) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = getifaddrs()
        .into_iter()
        .flatten()
        .filter(|interface| interface.flags.contains(flags))
        .filter_map(|interface| interface.address)
        .filter_map(|address| {
            let v4 = address.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
        })
        .filter(is_reachable)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    }
}
