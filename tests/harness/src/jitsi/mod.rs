//! A Jitsi installation of parts from registries: Prosody of Debian, a focus and a bridge of ours, a web client from npm.

mod bridge;
mod prosody;
mod sources;
mod xmpp;

/// The XMPP domain. A reserved top level domain (RFC 6761): no lookup may ever leave the machine.
pub const DOMAIN: &str = "meet.saal.test";

/// What an installation is like.
#[derive(Debug, Clone, Default)]
pub struct JitsiOptions {
    /// Key of the tokens (HS256) that clients have to bring; nobody needs one without.
    pub token_key: Option<String>,
}
