//! What is wrong, and who is told of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::Scope;

/// What may be wrong.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A room's device is not connected.
    Offline,
    /// A room found out that its next meeting can't be held there as it should (`not_ready_…` of docs/troubles.md).
    NotReady,
    /// A room has another trouble of docs/troubles.md.
    Trouble,
    /// A rollout stopped by itself.
    RolloutStopped,
    /// A device should have renewed its certificate long ago, and is cut off when it ends.
    Certificate,
    /// The root of what devices believe, or the list of releases, is good for thirty days at most.
    Root,
    /// Orders wait for the signatures of people, and rooms for the orders.
    Unsigned,
    /// The certificate of the fleet's authority, or one above it, is good for thirty days at most.
    Authority,
}

impl AlertKind {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::Offline,
        Self::NotReady,
        Self::Trouble,
        Self::RolloutStopped,
        Self::Certificate,
        Self::Root,
        Self::Unsigned,
        Self::Authority,
    ];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::NotReady => "not_ready",
            Self::Trouble => "trouble",
            Self::RolloutStopped => "rollout_stopped",
            Self::Certificate => "certificate",
            Self::Root => "root",
            Self::Unsigned => "unsigned",
            Self::Authority => "authority",
        }
    }

    /// It happens once and does not end.
    #[must_use]
    pub fn is_event(self) -> bool {
        self == Self::RolloutStopped
    }

    /// It comes and goes by itself: only what lasts is told.
    #[must_use]
    pub fn has_to_last(self) -> bool {
        matches!(self, Self::Offline | Self::Trouble | Self::Unsigned)
    }
}

impl std::str::FromStr for AlertKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            format!("\"{text}\" is no kind of alert; there are {all}")
        })
    }
}

/// In which language people are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertLanguage {
    /// German.
    De,
    /// English.
    #[default]
    En,
}

/// How what is said to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS from the first byte, mostly at port 465 (RFC 8314).
    Tls,
    /// TLS before anything is said, mostly at port 587 (RFC 3207); a server that does not offer it gets nothing.
    StartTls,
    /// Not at all: only for a server on this computer itself.
    None,
}

/// How people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AlertChannel {
    /// By e-mail (SMTP).
    Mail {
        /// Name or address of the mail server.
        server: String,
        /// 587, 465 or 25.
        port: u16,
        /// How it is protected.
        security: MailSecurity,
        /// Who signs in there; the rule's secret is the password. `None`: nobody does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// The sender's address.
        from: String,
        /// The addresses of those who are told.
        to: Vec<String>,
        /// The authority of the server's certificate, PEM; `None`: those that the fleet's server trusts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authority: Option<String>,
    },
    /// In a Matrix room that is not encrypted, as the user whose access token the rule's secret is.
    Matrix {
        /// `https://…`, the homeserver's base address.
        homeserver: String,
        /// Its id, `!…`; the user is a member.
        room: String,
        /// The authority of the server's certificate, PEM; `None`: those that the fleet's server trusts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authority: Option<String>,
    },
    /// By a `POST` of an [`AlertMessage`], signed as a [`super::Webhook`]'s.
    Webhook {
        /// `https://…`, or `http://` to the fleet's server itself.
        url: String,
        /// The authority of the server's certificate, PEM; `None`: those that the fleet's server trusts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authority: Option<String>,
    },
}

impl AlertChannel {
    /// For programs: `mail`, `matrix`, `webhook`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Mail { .. } => "mail",
            Self::Matrix { .. } => "matrix",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// Whom it reaches, in a line for people.
    #[must_use]
    pub fn to(&self) -> String {
        match self {
            Self::Mail { to, .. } => to.join(", "),
            Self::Matrix { room, .. } => room.clone(),
            Self::Webhook { url, .. } => url.clone(),
        }
    }
}

/// Who is told of what, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertPlan {
    /// For people; 1 to 60 characters.
    pub name: String,
    /// Of what is wrong there and below.
    pub scope: Scope,
    /// Of these kinds; empty: of all.
    #[serde(default)]
    pub kinds: Vec<AlertKind>,
    /// A room that is offline or in trouble is told of when that has lasted so long, minutes.
    #[serde(default = "after_minutes")]
    pub after_minutes: u32,
    /// What comes within so long is one message, seconds.
    #[serde(default = "gather_seconds")]
    pub gather_seconds: u32,
    /// Between two messages, minutes at least.
    #[serde(default = "pause_minutes")]
    pub pause_minutes: u32,
    /// In which language.
    #[serde(default)]
    pub language: AlertLanguage,
    /// How.
    pub channel: AlertChannel,
}

impl AlertPlan {
    /// Where nothing else is said. Devices that lost their server come back within five minutes.
    pub const AFTER_MINUTES: u32 = 10;
    /// Where nothing else is said.
    pub const GATHER_SECONDS: u32 = 60;
    /// Where nothing else is said.
    pub const PAUSE_MINUTES: u32 = 15;

    /// Whether it is about this.
    #[must_use]
    pub fn is_about(&self, kind: AlertKind, scope: &Scope) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind)) && scope.is_within(&self.scope)
    }
}

fn after_minutes() -> u32 {
    AlertPlan::AFTER_MINUTES
}

fn gather_seconds() -> u32 {
    AlertPlan::GATHER_SECONDS
}

fn pause_minutes() -> u32 {
    AlertPlan::PAUSE_MINUTES
}

/// Adds a rule.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAlertRule {
    /// Who is told of what.
    pub plan: AlertPlan,
    /// The mail user's password, or the Matrix user's access token. A webhook has none here: the server makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What the server made for a new rule.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuedAlertRule {
    /// Of a webhook: what signs its messages, the only time that it is shown.
    pub secret: Option<String>,
}

/// A rule, and how it is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// Who is told of what.
    pub plan: AlertPlan,
    /// So much is wrong that they were told of, or are to be.
    pub open: u64,
    /// A message waits to be taken.
    pub waits: bool,
    /// When the last message was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered: Option<Timestamp>,
    /// How often in a row the message that waits was not taken.
    pub failures: u32,
    /// Why the last time; after a message that was taken: for whom it was not.
    pub problem: Option<String>,
    /// When it is tried again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try: Option<Timestamp>,
}

/// Something that is wrong, and that somebody is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// What.
    pub kind: AlertKind,
    /// Where.
    pub scope: Scope,
    /// At which device, or in which rollout.
    pub object: String,
    /// Of a trouble: its code as in docs/troubles.md.
    pub code: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// What a webhook is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertMessage {
    /// The same each time that it is sent again.
    pub id: String,
    /// By which rule.
    pub rule: String,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// In one line, in the rule's language.
    pub subject: String,
    /// For people, in the rule's language.
    pub text: String,
    /// What is wrong now that was not before.
    pub began: Vec<AlertGroup>,
    /// What is over.
    pub over: Vec<AlertGroup>,
}

/// The same in rooms of one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertGroup {
    /// What.
    pub kind: AlertKind,
    /// Of a trouble: its code as in docs/troubles.md.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where all of them are.
    pub place: Scope,
    /// How many they are.
    pub count: u64,
    /// How many rooms there are in that place.
    pub of: u64,
    /// The first twenty of them, by their places or a rollout's name.
    pub names: Vec<String>,
    /// Since when; of several the first.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
