//! Which keys may sign what, and what waits for them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::{DeviceId, Digest, ReleaseName, Scope, trust::RoleName};

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeysInForce {
    /// Version of the root.
    pub root: u64,
    /// What people compare.
    pub fingerprint: Digest,
    /// When the next root should be there.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// It is over: no update begins until there is the next one; nothing else depends on it.
    pub expired: bool,
    /// Who signs what.
    pub roles: Vec<RoleKeys>,
    /// The server's own key, whether the root names it or not.
    pub server_key: Digest,
    /// The list of releases; `None`: there is none.
    pub releases: Option<ListInForce>,
    /// Releases that the server has and the list has not: no device takes them.
    pub unlisted: Vec<ReleaseName>,
    /// Orders that wait for a signature.
    pub waiting: u64,
    /// How many devices know which root.
    pub devices: Vec<DevicesAtRoot>,
    /// Devices that do not believe something that they were told.
    pub doubts: u64,
}

/// The keys of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleKeys {
    /// Which.
    pub role: RoleName,
    /// How many have to sign.
    pub threshold: u32,
    /// Of these.
    pub keys: Vec<Digest>,
    /// The server's own key is enough.
    pub server: bool,
}

/// The list of releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListInForce {
    /// Counts up.
    pub version: u64,
    /// From then on no update begins by it.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// It is over.
    pub expired: bool,
    /// The root's keys signed it; false after a root with other keys, until they sign a list.
    pub counts: bool,
}

/// Devices that know a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DevicesAtRoot {
    /// Its version; `None`: they have not said, as agents from before there were roots.
    pub root: Option<u64>,
    /// How many.
    pub devices: u64,
}

/// What an order is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// A configuration.
    Configuration,
    /// A release to have.
    Update,
}

/// An order that waits for a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderToSign {
    /// For whom.
    pub device: DeviceId,
    /// Where that is.
    pub room: Option<Scope>,
    /// About what.
    pub kind: OrderKind,
    /// Its generation, or its number.
    pub number: u64,
    /// The text that is signed.
    pub order: String,
}

/// A signature of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedOrder {
    /// For whom.
    pub device: DeviceId,
    /// About what.
    pub kind: OrderKind,
    /// Its generation, or its number.
    pub number: u64,
    /// Ed25519, base64.
    pub signature: String,
}

/// What became of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignaturesTaken {
    /// So many; what had changed meanwhile was left out.
    pub taken: u64,
}
