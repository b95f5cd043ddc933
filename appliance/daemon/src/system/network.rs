//! The addresses of this computer.

use std::{collections::BTreeMap, net::IpAddr};

use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};
use saal_core::Interface;

/// Every connection that is up and has an address, without the one to this computer itself.
pub(super) fn interfaces() -> Vec<Interface> {
    let all = match getifaddrs() {
        Ok(all) => all,
        Err(error) => {
            tracing::warn!(%error, "the system does not tell its addresses");
            return Vec::new();
        }
    };
    let mut found = BTreeMap::<String, Vec<IpAddr>>::new();
    for one in all {
        let flags = one.flags;
        if flags.contains(InterfaceFlags::IFF_LOOPBACK) || !flags.contains(InterfaceFlags::IFF_UP) {
            continue;
        }
        let Some(address) = one.address else { continue };
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        let v6 = address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip()));
        if let Some(address) = v4.or(v6) {
            found.entry(one.interface_name).or_default().push(address);
        }
    }
    let interfaces = found.into_iter().map(|(name, mut addresses)| {
        addresses.sort_by_key(|address| (is_local(*address), address.is_ipv6(), *address));
        Interface { name, addresses }
    });
    interfaces.collect()
}

/// Good on its own cable alone.
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}
