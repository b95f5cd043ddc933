//! Other systems that are told of what happens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Act;
use crate::fleet::Scope;

/// A system that is told.
///
/// It gets each line of the audit log that it asked for as a `POST` of [`super::AuditEntry`], in order, again and again until it
/// answers with 2xx. `Saal-Signature: t=SECONDS,v1=HEX` is HMAC-SHA256 with its secret over `SECONDS.BODY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// For people.
    pub name: String,
    /// `https://…`.
    pub url: String,
    /// What happens there.
    pub scope: Scope,
    /// Of what; empty: of everything.
    pub acts: Vec<Act>,
    /// The last line that it has got.
    pub delivered: u64,
    /// How often in a row it did not take the next one.
    pub failures: u32,
    /// What it said the last time.
    pub problem: Option<String>,
}

/// Adds a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// For people; 1 to 60 characters.
    pub name: String,
    /// `https://…`, or `http://` to this computer itself.
    pub url: String,
    /// What happens there.
    pub scope: Scope,
    /// Of what; empty: of everything.
    #[serde(default)]
    pub acts: Vec<Act>,
}

/// Its secret, the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuedWebhook {
    /// Signatures are made with it.
    pub secret: String,
}
