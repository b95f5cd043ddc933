//! Free ports on loopback.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use crate::error::{Error, Result};

/// A TCP port of 127.0.0.1 that nothing listens on now.
pub(crate) fn free_tcp() -> Result<u16> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::Port)?;
    Ok(socket.local_addr().map_err(Error::Port)?.port())
}

/// A UDP port of 127.0.0.1 that nothing is bound to now.
pub(crate) fn free_udp() -> Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::Port)?;
    Ok(socket.local_addr().map_err(Error::Port)?.port())
}
