//! What was done, by whom, and when: the log that nobody changes.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::Scope;

/// What kind of actor did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Somebody who signed in.
    Person,
    /// A program, by the name of its token.
    Program,
    /// A device, by its name.
    Device,
    /// The server by itself.
    Server,
}

impl ActorKind {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Program => "program",
            Self::Device => "device",
            Self::Server => "server",
        }
    }
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What kind.
    pub kind: ActorKind,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub enum Act {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Act {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

acts! {
    /// A layer says something else of a key.
    SettingSet = "setting_set",
    /// A layer says nothing of a key any more.
    SettingUnset = "setting_unset",
    /// A secret has another content.
    SecretSet = "secret_set",
    /// A secret is gone.
    SecretRemoved = "secret_removed",
    /// A token that enrols devices was issued.
    TokenIssued = "token_issued",
    /// A token that enrols devices is gone.
    TokenRemoved = "token_removed",
    /// A serial number is expected.
    SerialExpected = "serial_expected",
    /// A device came in by a token or its serial number.
    DeviceEnrolled = "device_enrolled",
    /// Somebody typed a device's code.
    DeviceClaimed = "device_claimed",
    /// A device is in another room.
    DeviceMoved = "device_moved",
    /// A device was thrown out.
    DeviceRevoked = "device_revoked",
    /// Somebody asked a device for its log.
    LogAsked = "log_asked",
    /// Somebody asked people in a room whether they may see its panel.
    HelpAsked = "help_asked",
    /// People in a room allowed it.
    HelpAllowed = "help_allowed",
    /// A help did not begin: people in the room said no, or did not answer, or it could not be.
    HelpRefused = "help_refused",
    /// Whoever helps began to work the panel.
    HelpTouched = "help_touched",
    /// A help is over.
    HelpEnded = "help_ended",
    /// A device took an order back.
    OrderRolledBack = "order_rolled_back",
    /// A device did not try an order.
    OrderRefused = "order_refused",
    /// The server has a release.
    ReleaseAdded = "release_added",
    /// The server has a release no more.
    ReleaseRemoved = "release_removed",
    /// A release is brought to devices.
    RolloutStarted = "rollout_started",
    /// The next wave of a rollout has begun.
    RolloutAdvanced = "rollout_advanced",
    /// Somebody allowed the next wave of a rollout.
    RolloutApproved = "rollout_approved",
    /// Somebody holds a rollout.
    RolloutPaused = "rollout_paused",
    /// Somebody lets a rollout go on.
    RolloutResumed = "rollout_resumed",
    /// A rollout is over before its end.
    RolloutStopped = "rollout_stopped",
    /// A rollout has come to its end.
    RolloutFinished = "rollout_finished",
    /// A device does not have the release that it was to have.
    UpdateFailed = "update_failed",
    /// Another root says who may sign what.
    RootPublished = "root_published",
    /// Another chain of authorities stands above the fleet's certificates.
    AuthorityInstalled = "authority_installed",
    /// There is another signed list of releases.
    ReleasesSigned = "releases_signed",
    /// Somebody signed orders whose key is not on the server.
    OrdersSigned = "orders_signed",
    /// A device does not believe something that it was told.
    DeviceDistrusts = "device_distrusts",
    /// A program was given access, or another one.
    AccessGranted = "access_granted",
    /// A program lost its access.
    AccessRemoved = "access_removed",
    /// Somebody was invited.
    PersonInvited = "person_invited",
    /// Somebody may do something else.
    PersonChanged = "person_changed",
    /// Somebody is gone.
    PersonRemoved = "person_removed",
    /// Somebody chose a password and set the second factor up.
    PersonWelcomed = "person_welcomed",
    /// Somebody signed in.
    SignedIn = "signed_in",
    /// Somebody did not get in.
    SignInFailed = "sign_in_failed",
    /// Somebody signed out.
    SignedOut = "signed_out",
    /// Another system is told of what happens.
    WebhookAdded = "webhook_added",
    /// Another system is told no more.
    WebhookRemoved = "webhook_removed",
    /// Somebody is told what is wrong.
    AlertRuleAdded = "alert_rule_added",
    /// Somebody is told no more what is wrong.
    AlertRuleRemoved = "alert_rule_removed",
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Act {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|act| act.as_str() == text);
        found
            .copied()
            .ok_or_else(|| format!("\"{text}\" is nothing that is done here"))
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Counts up from 1 without a gap.
    pub number: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub act: Act,
    /// Where: whoever may look there sees the line.
    pub scope: Scope,
    /// To what: a key, a device, a name.
    pub object: String,
    /// How it was; no secret is ever here.
    pub before: Option<serde_json::Value>,
    /// How it is.
    pub after: Option<serde_json::Value>,
    /// SHA-256 over the line before's and this line, hexadecimal.
    pub hash: String,
}

/// Some lines, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// The lines.
    pub items: Vec<AuditEntry>,
    /// Asks for those before them (`older_than`); `None`: there are no more.
    pub next: Option<u64>,
}

/// Whether the log is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditCheck {
    /// How many lines were looked at.
    pub entries: u64,
    /// The last line's hash: whoever keeps it elsewhere sees later whether lines were taken from the end.
    pub head: String,
    /// The first line that does not fit to those before it.
    pub broken_at: Option<u64>,
}
