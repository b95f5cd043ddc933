//! Who may do what where: people, and programs by their tokens.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;
use crate::fleet::Scope;

/// A role at a place and in all below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What may be done.
    pub role: Role,
    /// Where.
    pub scope: Scope,
}

/// A program's access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// For people.
    pub name: String,
    /// What may be done.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// Until when; `None`: until it is taken away.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires: Option<Timestamp>,
}

/// Gives a program access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccess {
    /// For people; 1 to 60 characters.
    pub name: String,
    /// What may be done; not more than whoever asks may.
    pub role: Role,
    /// Where; nowhere else than whoever asks may.
    pub scope: Scope,
    /// For how many days; `None`: until it is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// A program's token, the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuedAccess {
    /// For `Authorization: Bearer`.
    pub token: String,
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What they sign in with.
    pub name: String,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
    /// They have set up a password and a second factor.
    pub ready: bool,
    /// When they last signed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sign_in: Option<Timestamp>,
}

/// Invites somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// What they sign in with: 1 to 60 small letters, digits, `.`, `-`, `_` and `@`.
    pub name: String,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
}

/// What somebody may do from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    /// What they may do, and where.
    pub grants: Vec<Grant>,
    /// Their password and second factor are forgotten; they are invited anew.
    #[serde(default)]
    pub invite: bool,
}

/// The way in for somebody who was invited, the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// Where they choose a password and set up the second factor; `None` where nothing was forgotten.
    pub link: Option<String>,
    /// Until when the link is good.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires: Option<Timestamp>,
}
