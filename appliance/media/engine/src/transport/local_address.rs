//! Our own addresses, as candidates (RFC 8445 section 5.1.1).

use std::net::SocketAddr;

use str0m::{
    Candidate, CandidateKind,
    net::{Protocol, TcpType},
};

use super::nat::{Open, Way};

/// An address at which the other side may find us (RFC 8445 section 5.1.1).
#[derive(Clone, Copy, Debug)]
pub(super) enum LocalAddress {
    /// Of a socket of ours.
    Host(SocketAddr),
    /// How a server sees a socket of ours.
    Seen { at: SocketAddr, base: SocketAddr },
    /// On a server, which we reach from `local` by this way.
    Relayed {
        at: SocketAddr,
        local: SocketAddr,
        way: Way,
    },
    /// Our end of a stream to the other side (RFC 6544).
    Stream { at: SocketAddr, protocol: Protocol },
}

/// Priorities of ways in streams (RFC 8445 section 5.1.2.1): below all ways of datagrams, a relay's too, for which str0m has the type
/// preference 2; straight before a relay, and that by TCP before one by TLS.
const IN_STREAM: u32 = 1 << 24;
const STRAIGHT: u32 = IN_STREAM | priority_of(3);
const RELAY_OVER_TCP: u32 = IN_STREAM | priority_of(2);
const RELAY_OVER_TLS: u32 = IN_STREAM | priority_of(1);

/// Of what is preferred so among its like, for our only component.
const fn priority_of(local_preference: u32) -> u32 {
    local_preference << 8 | 255
}

impl LocalAddress {
    /// One on a server that is gone, as `Link::drop_local` knows it again.
    pub(super) fn relayed(at: SocketAddr) -> Self {
        Self::Relayed {
            at,
            local: at,
            way: Way::Udp,
        }
    }

    pub(super) fn of_stream(open: Open) -> Self {
        Self::Stream {
            at: open.local,
            protocol: open.listener.protocol,
        }
    }

    pub(super) fn candidate(self) -> Option<Candidate> {
        let candidate = match self {
            Self::Host(address) => Candidate::host(address, "udp"),
            Self::Seen { at, base } => Candidate::server_reflexive(at, base, "udp"),
            Self::Relayed { at, local, way } => {
                let usual = Candidate::relayed(at, local, "udp");
                match way {
                    Way::Udp => usual,
                    Way::Tcp => usual.map(|_| relay_in_stream(at, RELAY_OVER_TCP)),
                    Way::Tls => usual.map(|_| relay_in_stream(at, RELAY_OVER_TLS)),
                }
            }
            Self::Stream { at, protocol } => Ok(stream(at, protocol)),
        };
        candidate.ok()
    }
}

/// As str0m makes one, but for its priority.
fn relay_in_stream(at: SocketAddr, priority: u32) -> Candidate {
    // What stands there is not needed, and would say more of this network than others have to know.
    let hidden = match at {
        SocketAddr::V4(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
        SocketAddr::V6(_) => SocketAddr::from(([0_u16; 8], 0)),
    };
    let (foundation, kind) = (format!("relay{priority}"), CandidateKind::Relayed);
    let (proto, raddr) = (Protocol::Udp, Some(hidden));
    Candidate::from_parts(foundation, 1, proto, priority, at, kind, raddr, None, None)
}

fn stream(at: SocketAddr, protocol: Protocol) -> Candidate {
    let (kind, active) = (CandidateKind::Host, Some(TcpType::Active));
    let foundation = protocol.to_string();
    Candidate::from_parts(
        foundation, 1, protocol, STRAIGHT, at, kind, None, active, None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_before_streams_and_straight_ways_before_relays() {
        let at = SocketAddr::from(([192, 0, 2, 1], 7));
        let relayed = |way| LocalAddress::Relayed { at, local: at, way };
        let protocol = Protocol::Tcp;
        let ways = [
            LocalAddress::Host(at),
            LocalAddress::Seen { at, base: at },
            relayed(Way::Udp),
            LocalAddress::Stream { at, protocol },
            relayed(Way::Tcp),
            relayed(Way::Tls),
        ];
        let candidates = ways.map(|way| way.candidate().expect("a candidate"));
        assert!(candidates.is_sorted_by(|one, next| one.prio() > next.prio()));
        let told = candidates[4].to_sdp_string();
        assert!(
            told.ends_with(" udp 16777983 192.0.2.1 7 typ relay raddr 0.0.0.0 rport 0"),
            "{told}"
        );
    }
}
