//! Why something was not done, in the words of who looks.

use saal_fleet_protocol::fleet::{Scope, api::Role};

use super::{
    Words,
    forms::{id, place, role},
};
use crate::error::{FleetError, HelpProblem};

/// A sentence for people; what programs and logs read is the error's own Display.
pub(crate) fn told(words: &Words, error: &FleetError) -> String {
    let tell = |message: &str, values: &[(&str, &str)]| words.tell(message, values);
    match error {
        FleetError::NoSuchCode => words.say(id("error-no-such-code")),
        FleetError::Taken { what, device } => {
            let device = device.to_string();
            tell(id("error-taken"), &[("what", what), ("device", &device)])
        }
        FleetError::NotFound { what } => tell(id("error-not-found"), &[("what", what)]),
        FleetError::NotARoom(scope) => tell(id("error-not-a-room"), &[("place", scope.as_str())]),
        FleetError::Setting(detail) | FleetError::Malformed(detail) => {
            tell(id("error-not-so"), &[("detail", detail)])
        }
        FleetError::Locked { key, by } => {
            let (key, by) = (key.to_string(), place(words, by));
            tell(id("error-locked"), &[("key", &key), ("by", &by)])
        }
        FleetError::Breaks { room, problem } => tell(
            id("error-breaks"),
            &[("room", room.as_str()), ("detail", problem)],
        ),
        FleetError::Exists { what } => tell(id("error-exists"), &[("what", what)]),
        FleetError::InUse { what, by } => tell(id("error-in-use"), &[("what", what), ("by", by)]),
        FleetError::Overlaps(rollout) => {
            tell(id("error-overlaps"), &[("rollout", &rollout.to_string())])
        }
        FleetError::Unsigned { release } => {
            tell(id("error-unsigned"), &[("release", release.as_str())])
        }
        FleetError::Trust(problem) => tell(id("error-trust"), &[("detail", &problem.to_string())]),
        FleetError::Rollout { problem, .. } => tell(id("error-rollout"), &[("detail", problem)]),
        FleetError::Bundle(problem) => {
            tell(id("error-bundle"), &[("detail", &problem.to_string())])
        }
        FleetError::Chain(problem) => tell(id("error-not-so"), &[("detail", &problem.to_string())]),
        FleetError::LastAdministrator => words.say(id("error-last-administrator")),
        FleetError::Forbidden { needed, scope } => forbidden(words, *needed, scope.as_ref()),
        FleetError::Unauthorised => words.say(id("error-unauthorised")),
        FleetError::Provider(detail) => tell(id("error-provider"), &[("detail", detail)]),
        FleetError::NoRole => words.say(id("error-no-role")),
        FleetError::Help(HelpProblem::Away) => words.say(id("error-help-away")),
        FleetError::Help(HelpProblem::Helped(name)) => {
            tell(id("error-help-helped"), &[("name", name)])
        }
        FleetError::Help(HelpProblem::NotAllowed) => words.say(id("error-help-not-allowed")),
        FleetError::Help(HelpProblem::TooFast) => words.say(id("error-help-too-fast")),
        FleetError::NotDelivered(detail) => tell(id("error-not-delivered"), &[("detail", detail)]),
        FleetError::Stopping => words.say(id("error-stopping")),
        FleetError::Bundles(_)
        | FleetError::Crypto(_)
        | FleetError::Database(_)
        | FleetError::Corrupt { .. } => tell(id("error-failed"), &[("detail", &error.to_string())]),
    }
}

fn forbidden(words: &Words, needed: Role, scope: Option<&Scope>) -> String {
    let needed = role(words, needed);
    match scope {
        None => words.tell(id("error-forbidden"), &[("role", &needed)]),
        Some(scope) => {
            let place = place(words, scope);
            words.tell(
                id("error-forbidden-there"),
                &[("role", &needed), ("place", &place)],
            )
        }
    }
}
