//! Free ports on loopback, for servers that have to be told theirs.
//!
//! They lie below those that the kernel gives to clients (32768 and up on Linux, `net.ipv4.ip_local_port_range`), so that no
//! connection takes one before its server is up. And each is reserved as long as this process lives: test programs
//! that run at the same time would otherwise talk to each other's servers.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Mutex;

use crate::error::{Error, Result};

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

struct Reserved {
    next: u16,
    /// Names in the kernel's abstract namespace, which go with the process.
    held: Vec<UnixListener>,
}

static RESERVED: Mutex<Option<Reserved>> = Mutex::new(None);

/// A TCP port of 127.0.0.1 that nothing listens on now.
pub(crate) fn free_tcp() -> Result<u16> {
    free(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
}

/// A UDP port of 127.0.0.1 that nothing is bound to now.
pub(crate) fn free_udp() -> Result<u16> {
    free(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
}

fn free(is_free: impl Fn(u16) -> bool) -> Result<u16> {
    let mut reserved = RESERVED.lock().expect("nobody panics while choosing");
    let reserved = reserved.get_or_insert_with(|| Reserved {
        // Programs begin apart, so that they seldom ask for the same.
        next: (std::process::id().wrapping_mul(97) % u32::from(COUNT)) as u16,
        held: Vec::new(),
    });
    for _ in 0..COUNT {
        let port = FIRST + reserved.next;
        reserved.next = (reserved.next + 1) % COUNT;
        let name = SocketAddr::from_abstract_name(format!("saal-test-port-{port}"));
        let name = name.map_err(Error::Port)?;
        let Ok(mine) = UnixListener::bind_addr(&name) else {
            continue;
        };
        if is_free(port) {
            reserved.held.push(mine);
            return Ok(port);
        }
    }
    let problem = std::io::Error::new(std::io::ErrorKind::AddrInUse, "all of them are taken");
    Err(Error::Port(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let (one, other) = (free_tcp().unwrap(), free_udp().unwrap());
        assert_ne!(one, other);
        let name = SocketAddr::from_abstract_name(format!("saal-test-port-{one}")).unwrap();
        assert!(
            UnixListener::bind_addr(&name).is_err(),
            "another program can't have it"
        );
    }
}
