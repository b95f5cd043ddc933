//! STUN and TURN servers by their addresses (RFC 7064, RFC 7065).

use std::{io, net::SocketAddr};

use saal_media_protocol::IceServer;
use tokio::net::lookup_host;

/// What a service lists beyond this is left out: each server is spoken to from each address.
const MOST: usize = 6;
/// RFC 8489 section 18.6.
const PORT: u16 = 3478;
/// RFC 8656 section 18, over TLS.
const TLS_PORT: u16 = 5349;

/// How a TURN server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport) enum Way {
    Udp,
    Tcp,
    Tls,
}

/// One address of a server.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// A name or an address.
    pub(super) host: String,
    pub(super) port: u16,
    /// `None`: says how we are seen, and relays nothing.
    pub(super) relay: Option<Relay>,
}

/// A server that relays.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Relay {
    pub(super) way: Way,
    pub(super) username: String,
    pub(super) credential: String,
}

/// Without the credentials, which belong into no log.
impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.relay {
            Some(relay) => write!(f, "{:?} relay {}:{}", relay.way, self.host, self.port),
            None => write!(f, "STUN {}:{}", self.host, self.port),
        }
    }
}

/// The addresses to speak to, IPv4 first, since relayed addresses are such; at least one.
pub(super) async fn resolve(server: &Server) -> io::Result<Vec<SocketAddr>> {
    let found = lookup_host((server.host.as_str(), server.port)).await?;
    let mut addresses: Vec<_> = found.collect();
    addresses.sort_by_key(|address| !address.is_ipv4());
    if addresses.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(addresses)
}

/// Those that can be used, each address once, in the order listed.
pub(super) fn usable(listed: &[IceServer]) -> Vec<Server> {
    let mut servers: Vec<Server> = Vec::new();
    for server in listed {
        for url in &server.urls {
            let Some(read) = read(url, server) else {
                tracing::debug!(url, "a STUN or TURN server that can't be used");
                continue;
            };
            if !servers.contains(&read) && servers.len() < MOST {
                servers.push(read);
            }
        }
    }
    servers
}

fn read(url: &str, server: &IceServer) -> Option<Server> {
    let (scheme, rest) = url.split_once(':')?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let transport = query.strip_prefix("transport=");
    let way = match (scheme.to_ascii_lowercase().as_str(), transport) {
        ("stun", _) => None,
        ("turn", None | Some("udp")) => Some(Way::Udp),
        ("turn", Some("tcp")) => Some(Way::Tcp),
        // Over UDP it would be DTLS, which nobody runs.
        ("turns", None | Some("tcp")) => Some(Way::Tls),
        _ => return None,
    };
    let default = if way == Some(Way::Tls) {
        TLS_PORT
    } else {
        PORT
    };
    let (host, port) = host_and_port(place, default)?;
    let relay = way.map(|way| Relay {
        way,
        username: server.username.clone(),
        credential: server.credential.clone(),
    });
    Some(Server { host, port, relay })
}

/// `name`, `name:port`, `[address]` or `[address]:port`.
fn host_and_port(place: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, after) = bracketed.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port != 0)?,
        None => default,
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(urls: &[&str]) -> IceServer {
        IceServer {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: "u".to_owned(),
            credential: "secret".to_owned(),
        }
    }

    #[test]
    fn addresses_are_read_as_the_standards_write_them() {
        let list = listed(&[
            "stun:a.example.org",
            "turn:a.example.org:80?transport=tcp",
            "turns:a.example.org:443?transport=tcp",
            "turns:[2001:db8::1]",
            "turn:[2001:db8::1]:99",
            "turn:a.example.org?transport=udp",
        ]);
        let read = usable(&[list.clone(), list]);
        let said: Vec<_> = read.iter().map(|server| format!("{server:?}")).collect();
        assert_eq!(
            said,
            [
                "STUN a.example.org:3478",
                "Tcp relay a.example.org:80",
                "Tls relay a.example.org:443",
                "Tls relay 2001:db8::1:5349",
                "Udp relay 2001:db8::1:99",
                "Udp relay a.example.org:3478",
            ]
        );
        assert!(!said.concat().contains("secret"));
    }

    #[test]
    fn what_is_no_server_is_left_out() {
        for bad in [
            "",
            "turn",
            "stun:",
            "stuns:a.example.org",
            "http://a.example.org",
            "turn:a:0",
            "turn:a:65536",
            "turn:[::1",
            "turn:a?transport=sctp",
            "turns:a?transport=udp",
        ] {
            assert_eq!(usable(&[listed(&[bad])]), [], "{bad}");
        }
        let many: Vec<_> = (1..100).map(|n| format!("stun:s{n}.example.org")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(usable(&[listed(&many)]).len(), MOST);
    }
}
