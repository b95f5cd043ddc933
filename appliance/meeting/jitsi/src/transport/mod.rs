//! The sockets of a stay: XMPP over WebSocket (RFC 7395) or BOSH (XEP-0124, XEP-0206), the bridge's
//! WebSocket, all of them through a proxy where there is one. Nothing is decided here.

pub(crate) mod bosh;
pub(crate) mod http;
pub(crate) mod socket;
mod trust;
mod tunnel;

/// Why a link is not open, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    /// For the log.
    pub(crate) reason: String,
    /// This server's certificate is not trusted: trying again is no use.
    pub(crate) untrusted: Option<String>,
}

impl Closed {
    pub(crate) fn because(reason: impl std::fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
            untrusted: None,
        }
    }
}

/// What a socket tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SocketEvent {
    /// No WebSocket gets through; it is tried otherwise.
    Blocked(Closed),
    /// It can be written to.
    Opened,
    /// A message.
    Text(String),
    /// Nothing follows.
    Closed(Closed),
}
