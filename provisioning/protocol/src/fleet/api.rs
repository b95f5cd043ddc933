//! What people and programs ask the server for, over HTTPS with a token.
//!
//! provisioning/server/openapi.json describes the endpoints; these are their types.

mod access;
mod alerts;
mod audit;
mod authority;
mod help;
mod hooks;
mod keys;
mod logs;
mod updates;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use access::{
    Access, Grant, IssuedAccess, NewAccess, NewPerson, Person, PersonChange, Welcome,
};
pub use alerts::{
    Alert, AlertChannel, AlertGroup, AlertKind, AlertLanguage, AlertMessage, AlertPlan, AlertRule,
    IssuedAlertRule, MailSecurity, NewAlertRule,
};
pub use audit::{Act, Actor, ActorKind, AuditCheck, AuditEntry, AuditPage};
pub use authority::{AuthorityCertificate, AuthorityInForce, AuthorityRequest, NewAuthority};
pub use help::{AskHelp, RoomHelp, RoomHelpState, RoomPanel, TouchPanel};
pub use hooks::{IssuedWebhook, NewWebhook, Webhook};
pub use keys::{
    DevicesAtRoot, KeysInForce, ListInForce, OrderKind, OrderToSign, RoleKeys, SignaturesTaken,
    SignedOrder,
};
pub use logs::{AskLog, RoomLog};
pub use updates::{
    NewRollout, Rollout, RolloutCounts, RolloutDevice, RolloutState, StoredRelease, Wave,
};

use super::{
    ClaimCode, DeviceId, Digest, FileName, Key, Scope,
    layers::{Origin, Overruled},
    trust::TrustState,
    update::System,
    wire::{Report, RoomState},
};

/// What somebody may do, each with all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Claim devices, move them, change rooms.
    Operator,
    /// Everything: tokens, revocation, secrets.
    Administrator,
}

/// Something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// For programs.
    pub code: String,
    /// For people, with what to do.
    pub message: String,
}

/// A device of the fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its name here.
    pub device: DeviceId,
    /// As on the box.
    pub serial: String,
    /// What kind it is.
    pub model: String,
    /// Where it is.
    pub room: Option<Scope>,
    /// It is connected now.
    pub online: bool,
    /// When it was last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
    /// It may not come back.
    pub revoked: bool,
    /// The generation that it should have; 0: none yet.
    pub wanted: u64,
    /// The one that it has.
    pub generation: u64,
    /// What became of the last order.
    pub report: Option<Report>,
    /// Why there is no newer order: its layers make no configuration.
    pub problem: Option<String>,
    /// How the room is.
    pub state: Option<RoomState>,
    /// The agent's release.
    pub agent: Option<String>,
    /// Its system, where it can be updated.
    pub system: Option<System>,
    /// Which root it knows, and what it does not believe; an agent from before there were roots says nothing.
    pub trust: Option<TrustState>,
}

/// A part of a long list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Page<T> {
    /// In the asked order.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// A device that nobody has claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// As on the box.
    pub serial: String,
    /// What kind it is.
    pub model: String,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// A device of this fleet has the same serial number: claiming this one takes its place.
    pub replaces: Option<DeviceId>,
}

/// Takes a waiting device into the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// As its panel shows it.
    pub code: ClaimCode,
    /// Where it is.
    pub room: Scope,
    /// The device with the same serial number, or in the same room, is revoked for it.
    #[serde(default)]
    pub replace: bool,
}

/// Puts a device into another room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Where to.
    pub room: Scope,
}

/// Changes of one layer: all or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which layer.
    pub scope: Scope,
    /// One by one.
    pub edits: Vec<Edit>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Says it.
    Set {
        /// Of which key.
        key: Key,
        /// As in the document.
        #[schema(value_type = serde_json::Value)]
        value: toml::Value,
        /// For all below.
        #[serde(default)]
        locked: bool,
    },
    /// Says nothing any more.
    Unset {
        /// Of which key.
        key: Key,
    },
}

/// What a layer says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Of which key.
    pub key: Key,
    /// As in the document.
    #[schema(value_type = serde_json::Value)]
    pub value: toml::Value,
    /// For all below.
    pub locked: bool,
}

/// What a change does, or would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// Rooms whose configuration becomes another one; the first hundred.
    pub rooms: Vec<RoomPreview>,
    /// How many there are.
    pub changed: u64,
    /// Of those, how many would have none: nothing is pushed to them.
    pub refused: u64,
}

/// What becomes of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomPreview {
    /// Which.
    pub room: Scope,
    /// Its keys.
    pub keys: Vec<KeyPreview>,
    /// Why it would be refused.
    pub problem: Option<String>,
}

/// What becomes of a key in a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPreview {
    /// Which.
    pub key: Key,
    /// Before.
    #[schema(value_type = serde_json::Value)]
    pub before: Option<toml::Value>,
    /// After.
    #[schema(value_type = serde_json::Value)]
    pub after: Option<toml::Value>,
}

/// Where a room's values come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// By key.
    pub values: std::collections::BTreeMap<Key, Origin>,
    /// What a lock takes the force of.
    pub overruled: Vec<Overruled>,
    /// Names of secrets and the layer that each comes from.
    pub secrets: std::collections::BTreeMap<FileName, Scope>,
    /// Why it is no configuration yet.
    pub problem: Option<String>,
}

/// A secret for a layer's rooms.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    /// Which layer.
    pub scope: Scope,
    /// As the configuration names the file.
    pub name: FileName,
    /// Its content; `None` takes it away.
    pub content: Option<String>,
}

/// A token that enrols devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// For people.
    pub name: String,
    /// How many devices it may enrol.
    pub uses: u32,
    /// How many it has.
    pub used: u32,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// The one room that its device gets.
    pub room: Option<Scope>,
}

/// Asks for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// For people.
    pub name: String,
    /// How many devices it may enrol.
    pub uses: u32,
    /// How long it is good.
    pub hours: u32,
    /// The room of its one device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Scope>,
}

/// A token, the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuedToken {
    /// For the image, or the stick.
    pub token: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// The fingerprint of the root: behind the token in its file, as `root:FINGERPRINT`, it lets the device into no other fleet.
    pub root: Option<Digest>,
}

/// Serial numbers that are expected, each with its room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Serials {
    /// All of them or none.
    pub serials: Vec<Expected>,
}

/// A device that is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// As on the box.
    pub serial: String,
    /// Where it will be.
    pub room: Option<Scope>,
}
