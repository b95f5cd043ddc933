//! The messages of a device's one connection: JSON, one document a WebSocket message.
//!
//! The device opens `wss://SERVER/device/v1`. The server begins with [`FromServer::Challenge`]. A
//! device without a certificate says [`FromDevice::Enrol`] and waits; once it is claimed it gets a
//! certificate, closes, and comes back with it (mutual TLS). From then on it begins with
//! [`FromDevice::Hello`], and whatever it missed is the answer to that.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ClaimCode, DeviceId,
    help::{HelpSaid, HelpWanted},
    log::{LogSent, LogWanted},
    order::Signed,
    trust::{Metadata, TrustState},
    update::System,
};

/// Where on the server; the version is a part of it.
pub const PATH: &str = "/device/v1";
/// Where bundles are, for devices with their certificate: behind it stands the bundle's SHA-256.
pub const BUNDLES: &str = "/device/v1/bundles";
/// Behind a bundle's address: the list of its pieces ([`super::pieces::Index`]).
pub const PIECES: &str = "pieces";
/// A message has at most so many bytes.
pub const LARGEST_MESSAGE: usize = 1024 * 1024;

/// From the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FromDevice {
    /// I belong to nobody yet, or my certificate is over.
    Enrol(Box<Enrol>),
    /// I belong to you; this is how I stand.
    Hello(Box<Hello>),
    /// My certificate is at two thirds of its life.
    Renew(KeyProof),
    /// What became of an order.
    Report(Report),
    /// How the room is, at each change.
    Room(RoomState),
    /// My room can't do what its meeting at that time needs: who of my site could? Answered with [`FromServer::OtherRooms`].
    OtherRooms(Span),
    /// How the system is, at each change.
    System(Box<System>),
    /// Answers [`FromServer::Log`].
    Log(Box<LogSent>),
    /// How somebody's help goes on; answers [`FromServer::Help`].
    Help(Box<HelpSaid>),
    /// What it trusts, at each change.
    Trust(TrustState),
    /// Do I still reach you? Answered with [`FromServer::Here`].
    Reach {
        /// Comes back.
        nonce: u64,
    },
}

/// From the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FromServer {
    /// Begins each connection; proofs of keys are over it.
    Challenge {
        /// Random, base64.
        nonce: String,
    },
    /// Somebody has to claim the device with this code.
    Waiting {
        /// For the panel.
        code: ClaimCode,
    },
    /// The device belongs to the fleet now.
    Enrolled(Box<Membership>),
    /// Not done. The connection ends.
    Refused {
        /// For programs.
        why: Refusal,
        /// For people, a sentence of English.
        message: String,
    },
    /// The next root that the device does not know, one after the other. Only for devices that said which they know.
    Root(Metadata),
    /// Which releases there are. Only for devices that said that they know roots.
    Releases(Metadata),
    /// This is the configuration.
    Order(Signed),
    /// What the device has is what it should have.
    Current {
        /// Its generation.
        generation: u64,
    },
    /// This is the release to have, an [`super::update::UpdateOrder`]. Only for devices that said how their system is.
    Update(Signed),
    /// There is none any more: what was not installed yet is not to be.
    NoUpdate {},
    /// Answers [`FromDevice::Renew`].
    Renewed(Box<Membership>),
    /// Answers [`FromDevice::OtherRooms`], the nearest first; none: nobody could.
    OtherRooms {
        /// Those that are well, connected and free all that time.
        rooms: Vec<FreeRoom>,
    },
    /// Somebody who helps asks for the newest lines of the log. Answered with [`FromDevice::Log`].
    Log(LogWanted),
    /// Somebody helps. Only for devices that said that they can be helped.
    Help(HelpWanted),
    /// Answers [`FromDevice::Reach`].
    Here {
        /// As it came.
        nonce: u64,
    },
}

/// Why the server does not do what a device asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Not of this protocol.
    Malformed,
    /// The proof does not fit the key.
    Proof,
    /// The device was revoked: only a person brings it back.
    Revoked,
    /// Not without a certificate, or not with this one.
    Certificate,
    /// The server can't just now; try again.
    Failed,
}

/// A device's key, and the proof that whoever sends it holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyProof {
    /// An uncompressed point on P-256 (SEC 1, section 2.3.3), base64.
    pub key: String,
    /// ECDSA with SHA-256 over [`proof_of`] (ASN.1), base64.
    pub proof: String,
}

/// What a key's owner signs.
#[must_use]
pub fn proof_of(nonce: &str, seal_key: &str) -> Vec<u8> {
    format!("saal-fleet key v1\n{nonce}\n{seal_key}").into_bytes()
}

/// A device asks to belong to the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrol {
    /// For its certificate.
    pub key: KeyProof,
    /// What secrets are sealed to: X25519 (RFC 7748), base64. The proof is over it too.
    pub seal_key: String,
    /// As on the box; 1 to 60 characters.
    pub serial: String,
    /// What kind of device it is.
    pub model: String,
    /// From its image or a USB stick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The version of the root that it knows; 0: none yet. A device from before there were roots says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<u64>,
}

/// What a device keeps of its fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// Its name there.
    pub device: DeviceId,
    /// PEM, the device's own first.
    pub certificate: String,
    /// When the certificate ends, seconds since 1970.
    pub ends: i64,
    /// When it began.
    pub begins: i64,
    /// Who signs orders, as [`super::order::key_to_text`] writes them. Devices that know a root go by that instead.
    pub signing_keys: Vec<String>,
}

/// How a device stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The agent's release.
    pub agent: String,
    /// The generation in use; 0: none of the fleet's.
    pub generation: u64,
    /// The newest generation that it has seen, good or not.
    pub seen: u64,
    /// SHA-256 of that order's text, hexadecimal; empty: it has seen none. A server that was set back to an old
    /// back-up may have given the same generation to something else.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen_digest: String,
    /// What became of the last order, where the server may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// How the room is, if it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomState>,
    /// How its system is, where it can be updated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// It knows [`FromServer::Help`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub helps: bool,
    /// What it trusts. A device from before there were roots says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<TrustState>,
}

/// How a room is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomState {
    /// As in `saalctl status`: `home`, `call`, …
    pub phase: String,
    /// Codes as in docs/troubles.md.
    pub troubles: Vec<String>,
    /// Nothing is known to be wrong that a meeting there would suffer from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ready: bool,
    /// When meetings have the room within the next twelve hours, in order; by whom and for what is nobody's business.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<Span>,
}

/// A time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Seconds since 1970.
    pub from: i64,
    /// Seconds since 1970; later than that.
    pub until: i64,
}

/// A room that a meeting could go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeRoom {
    /// What people call it.
    pub name: String,
    /// Seconds since 1970; `None`: nobody is known to need it in the next hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

impl RoomState {
    /// Troubles that no change of configuration or system is worth (docs/troubles.md).
    pub const SERIOUS: [&'static str; 7] = [
        "signed_out",
        "device_removed",
        "homeserver_unreachable",
        "homeserver_untrusted",
        "engine_failing",
        "store_failed",
        "config_refused",
    ];

    /// Those of its troubles that are.
    pub fn serious(&self) -> impl Iterator<Item = &str> {
        let codes = self.troubles.iter().map(String::as_str);
        codes.filter(|code| Self::SERIOUS.contains(code))
    }
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Of which generation.
    pub generation: u64,
    /// What.
    pub outcome: Outcome,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// In use, the room is well and the server was reached.
    Confirmed {},
    /// Tried; the room is back at what it had.
    RolledBack {
        /// The generation in use.
        to: u64,
        /// For programs.
        why: Failure,
        /// For people.
        detail: String,
    },
    /// Not tried.
    Refused {
        /// For people.
        detail: String,
    },
}

/// Why a device went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The room's daemon refused the document.
    Document,
    /// The daemon does not answer, or says that something is broken that worked.
    Health,
    /// The server was not reached with it.
    CutOff,
    /// The device went down before it was confirmed, twice.
    Interrupted,
}

impl Failure {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Health => "health",
            Self::CutOff => "cut_off",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Bytes as text.
#[must_use]
pub fn to_text(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Bytes that [`to_text`] wrote.
#[must_use]
pub fn from_text(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

/// One message as it is sent.
///
/// # Panics
/// Never: the messages are plain data.
#[must_use]
pub fn encode(message: &impl Serialize) -> String {
    serde_json::to_string(message).expect("plain data is JSON")
}
