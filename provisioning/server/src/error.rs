//! Why the server does not do what it is asked.

use crate::{authority::ChainError, store::DatabaseError};
use saal_fleet_protocol::fleet::{
    DeviceId, Key, ReleaseName, RolloutName, Scope,
    api::{Role, RolloutState},
    bundle::BundleError,
    trust::TrustError,
};

/// One variant for each thing that can't be done; Display is for people and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// No device waits with this code.
    #[error("no device waits with this code; look at its panel again, a code is good for a day")]
    NoSuchCode,
    /// The serial number or the room belongs to another device.
    #[error("{what} belongs to device {device}; say \"replace\" to revoke that one")]
    Taken {
        /// In people's words.
        what: String,
        /// Which.
        device: DeviceId,
    },
    /// Nothing of this name.
    #[error("there is no {what}")]
    NotFound {
        /// In people's words.
        what: String,
    },
    /// A device was to get something that is no room.
    #[error("{0} is no room; a room is site/group/room")]
    NotARoom(Scope),
    /// A value that no configuration may have.
    #[error("{0}")]
    Setting(String),
    /// A request that is not understood.
    #[error("{0}")]
    Malformed(String),
    /// A layer over this one locked the key.
    #[error("{key} is locked by {by}")]
    Locked {
        /// Which.
        key: Key,
        /// Who locked it.
        by: Scope,
    },
    /// Rooms that have a configuration would have none.
    #[error("{room} would be left without a configuration: {problem}")]
    Breaks {
        /// The first of them.
        room: Scope,
        /// Why.
        problem: String,
    },
    /// A name that is in use.
    #[error("{what} exists already")]
    Exists {
        /// In people's words.
        what: String,
    },
    /// Nobody would be left to look after people.
    #[error(
        "nobody else looks after the whole organisation; make somebody else administrator of \"/\" first"
    )]
    LastAdministrator,
    /// It can't be taken away while something needs it.
    #[error("{what} can't be removed: {by} is about it")]
    InUse {
        /// In people's words.
        what: String,
        /// In people's words.
        by: String,
    },
    /// Devices would not take a release.
    #[error(
        "release {release} is in no list that this fleet's keys signed; sign one: saal-fleetctl keys releases"
    )]
    Unsigned {
        /// Which.
        release: ReleaseName,
    },
    /// A root or a list of releases does not count.
    #[error("it does not count: {0}")]
    Trust(#[from] TrustError),
    /// Another rollout is under way at some of these devices.
    #[error("rollout {0} is under way there; stop it, or wait for its end")]
    Overlaps(RolloutName),
    /// A rollout is not where this could be done.
    #[error("the rollout is {}: {problem}", .state.as_str())]
    Rollout {
        /// Where it is.
        state: RolloutState,
        /// Why not.
        problem: &'static str,
    },
    /// What came is no bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A bundle can't be kept.
    #[error("the bundle can't be kept: {0}")]
    Bundles(#[from] std::io::Error),
    /// A chain can't be put above the fleet's authority.
    #[error(transparent)]
    Chain(#[from] Box<ChainError>),
    /// Not with this token.
    #[error("this needs the role {needed:?}{}", place(.scope.as_ref()))]
    Forbidden {
        /// What is needed.
        needed: Role,
        /// Where.
        scope: Option<Scope>,
    },
    /// No token, or none of this server's.
    #[error("a valid token is needed: Authorization: Bearer TOKEN")]
    Unauthorised,
    /// A key that does not seal, a certificate that can't be made.
    #[error("cryptography failed: {0}")]
    Crypto(String),
    /// The database.
    #[error("the database: {0}")]
    Database(#[from] DatabaseError),
    /// What the database holds is not of this release.
    #[error("the database holds {what} that can't be read: {reason}")]
    Corrupt {
        /// In people's words.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Somebody did not sign in at the provider, or it fails.
    #[error("nobody is signed in: {0}")]
    Provider(String),
    /// The provider says nothing that lets them do anything here.
    #[error(
        "the provider names no group that may do anything here; ask whoever looks after this fleet"
    )]
    NoRole,
    /// A room can't be helped so.
    #[error(transparent)]
    Help(#[from] HelpProblem),
    /// A message was not taken.
    #[error("it was not taken: {0}")]
    NotDelivered(String),
    /// The server goes down.
    #[error("the server is stopping")]
    Stopping,
}

/// Why a room can't be helped so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelpProblem {
    /// The room has no connection.
    #[error("the room is not connected")]
    Away,
    /// Somebody else helps it.
    #[error("{0} helps this room, or has asked to; one at a time does")]
    Helped(String),
    /// People there did not allow it, or no more.
    #[error("people in the room have not allowed that; ask them first")]
    NotAllowed,
    /// No finger is so fast.
    #[error("a panel takes five touches a second; wait a moment")]
    TooFast,
}

impl From<rusqlite::Error> for FleetError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

fn place(scope: Option<&Scope>) -> String {
    scope.map_or_else(String::new, |scope| format!(" for {scope}"))
}

impl FleetError {
    /// For programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchCode => "no_such_code",
            Self::Taken { .. } => "taken",
            Self::NotFound { .. } => "not_found",
            Self::NotARoom(_) => "not_a_room",
            Self::Setting(_) => "setting",
            Self::Malformed(_) => "malformed",
            Self::Locked { .. } => "locked",
            Self::Breaks { .. } => "breaks",
            Self::Exists { .. } => "exists",
            Self::LastAdministrator => "last_administrator",
            Self::InUse { .. } => "in_use",
            Self::Overlaps(_) => "overlaps",
            Self::Unsigned { .. } => "unsigned",
            Self::Trust(error) => error.why().as_str(),
            Self::Rollout { .. } => "rollout",
            Self::Bundle(_) => "bundle",
            Self::Chain(_) => "chain",
            Self::Forbidden { .. } => "forbidden",
            Self::Unauthorised => "unauthorised",
            Self::Provider(_) => "provider",
            Self::NoRole => "no_role",
            Self::Help(HelpProblem::Away) => "not_connected",
            Self::Help(HelpProblem::Helped(_)) => "helped",
            Self::Help(HelpProblem::NotAllowed) => "not_allowed",
            Self::Help(HelpProblem::TooFast) => "too_fast",
            Self::NotDelivered(_) => "not_delivered",
            Self::Bundles(_)
            | Self::Crypto(_)
            | Self::Database(_)
            | Self::Corrupt { .. }
            | Self::Stopping => "failed",
        }
    }
}
