//! Small parts that several pages draw.

use maud::{Markup, html};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Device, Role},
    wire::{Outcome, Report},
};

use super::{View, Words};

/// How a device stands, in one word with a colour that does not stand alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Revoked,
    Homeless,
    NoConfiguration,
    RolledBack,
    Refused,
    Waits,
    Fine,
}

impl Standing {
    pub(crate) fn of(device: &Device) -> Self {
        let newest = |report: &&Report| report.generation >= device.wanted;
        match device
            .report
            .as_ref()
            .filter(newest)
            .map(|report| &report.outcome)
        {
            _ if device.revoked => Self::Revoked,
            _ if device.room.is_none() => Self::Homeless,
            _ if device.problem.is_some() => Self::NoConfiguration,
            Some(Outcome::RolledBack { .. }) => Self::RolledBack,
            Some(Outcome::Refused { .. }) => Self::Refused,
            _ if device.generation == device.wanted => Self::Fine,
            _ => Self::Waits,
        }
    }

    pub(crate) fn words(self, words: &Words) -> String {
        words.say(match self {
            Self::Revoked => id("standing-revoked"),
            Self::Homeless => id("standing-homeless"),
            Self::NoConfiguration => id("standing-no-configuration"),
            Self::RolledBack => id("standing-rolled-back"),
            Self::Refused => id("standing-refused"),
            Self::Waits => id("standing-waits"),
            Self::Fine => id("standing-fine"),
        })
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Revoked | Self::Homeless => "quiet",
            Self::NoConfiguration | Self::RolledBack | Self::Refused => "bad",
            Self::Waits => "wait",
            Self::Fine => "good",
        }
    }
}

/// Marks a message's name, for the test that looks for all of them.
pub(crate) fn id(message: &'static str) -> &'static str {
    message
}

pub(crate) fn standing(words: &Words, device: &Device) -> Markup {
    let standing = Standing::of(device);
    html! { span class={ "badge " (standing.colour()) } { (standing.words(words)) } }
}

pub(crate) fn connection(words: &Words, device: &Device) -> Markup {
    let (colour, text) = if device.online {
        ("good", words.say("online"))
    } else {
        ("off", words.say("offline"))
    };
    html! { span class={ "lamp " (colour) } { (text) } }
}

/// A role's name.
pub(crate) fn role(words: &Words, role: Role) -> String {
    words.say(match role {
        Role::Viewer => id("role-viewer"),
        Role::Operator => id("role-operator"),
        Role::Administrator => id("role-administrator"),
    })
}

/// A place's name: `/` is the organisation.
pub(crate) fn place(words: &Words, scope: &Scope) -> String {
    match scope.depth() {
        0 => words.say("organisation"),
        _ => scope.to_string(),
    }
}

/// The way down to a place, each step a link.
pub(crate) fn way(words: &Words, scope: &Scope, to: &str) -> Markup {
    let chain = scope.chain();
    html! {
        nav.way aria-label=(words.say("way")) {
            ol {
                @for step in &chain {
                    li {
                        @let name = step.as_str().rsplit('/').next().filter(|name| !name.is_empty());
                        @if step == scope {
                            span aria-current="location" { (name.map_or_else(|| words.say("organisation"), str::to_owned)) }
                        } @else {
                            a href={ (to) "?scope=" (encoded(step.as_str())) } { (name.map_or_else(|| words.say("organisation"), str::to_owned)) }
                        }
                    }
                }
            }
        }
    }
}

/// For an address.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The hidden field that each form which changes something carries.
pub(crate) fn guard(view: &View) -> Markup {
    html! { input type="hidden" name="form" value=(view.session.form); }
}

/// A value as the configuration's document has it.
pub(crate) fn value(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
