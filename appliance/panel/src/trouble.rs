//! What is wrong and what to do, in people's words.

pub(crate) mod sign_in;

use saal_core::Trouble;
use saal_fleet_protocol::config::Language;
use saal_media_protocol::{DeviceUse, MediaTrouble};
use saal_meeting::{EndReason, IdentityState};

use crate::{
    language::{Message, Value, Words},
    plain::unisolated,
};

/// A trouble in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TroubleText {
    /// What is wrong, a few words.
    pub what: String,
    /// What it means and what to do, a sentence or three.
    pub advice: String,
}

/// A trouble in the words of a language, as for status output.
#[must_use]
pub fn describe(language: Language, trouble: &Trouble) -> TroubleText {
    let text = explain(Words::of(language), trouble);
    TroubleText {
        what: unisolated(&text.what),
        advice: unisolated(&text.advice),
    }
}

/// As [`describe`], with what comes from outside isolated for drawing.
pub(crate) fn explain(words: &Words, trouble: &Trouble) -> TroubleText {
    use Message as M;
    let one = |message, name, value: &str| words.tell(message, [(name, Value::Foreign(value))]);
    let of_server = |what, advice, server| (words.say(what), one(advice, "server", server));
    let (what, advice) = match trouble {
        Trouble::SignedOut { server } => {
            of_server(M::TroubleSignedOut, M::TroubleSignedOutAdvice, server)
        }
        Trouble::Removed { server } => {
            of_server(M::TroubleRemoved, M::TroubleRemovedAdvice, server)
        }
        Trouble::SignInNeeded {
            server,
            problem,
            under_way,
        } => sign_in::trouble(words, server, problem.as_ref(), *under_way),
        Trouble::Unreachable { server } => {
            of_server(M::TroubleUnreachable, M::TroubleUnreachableAdvice, server)
        }
        Trouble::Untrusted { server } => {
            of_server(M::TroubleUntrusted, M::TroubleUntrustedAdvice, server)
        }
        Trouble::EngineFailing => (
            words.say(M::TroubleEngine),
            words.say(M::TroubleEngineAdvice),
        ),
        Trouble::Store { path, full } => (
            words.say(if *full {
                M::TroubleStoreFull
            } else {
                M::TroubleStore
            }),
            one(M::TroubleStoreAdvice, "path", path),
        ),
        Trouble::Identity(state) => (words.say(M::TroubleIdentity), words.say(identity(state))),
        Trouble::JoinFailed { title, reason } => join(words, title, reason),
        Trouble::Device(trouble) => device(words, trouble),
        Trouble::CallNotSaved { path } => (
            words.say(M::TroubleCallNotSaved),
            one(M::TroubleCallNotSavedAdvice, "path", path),
        ),
        Trouble::ConfigRefused { problem } => (
            words.say(M::TroubleConfig),
            one(M::TroubleConfigAdvice, "problem", problem),
        ),
        Trouble::Calendar { problems } => {
            let count = i64::try_from(problems.len()).unwrap_or(i64::MAX);
            let place = problems.first().map_or("", |p| p.place.as_str());
            (
                words.tell(M::TroubleCalendar, [("count", count.into())]),
                one(M::TroubleCalendarAdvice, "place", place),
            )
        }
    };
    TroubleText { what, advice }
}

fn identity(state: &IdentityState) -> Message {
    match state {
        IdentityState::KeysLost => Message::TroubleIdentityLost,
        IdentityState::RecoveryKeyNeeded { wrong: true } => Message::TroubleIdentityWrongKey,
        IdentityState::RecoveryKeyNeeded { wrong: false } => Message::TroubleIdentityKey,
        _ => Message::TroubleIdentityReset,
    }
}

fn join(words: &Words, title: &str, reason: &EndReason) -> (String, String) {
    use Message as M;
    let (what, advice) = match reason {
        EndReason::Removed { message } if message.trim().is_empty() => {
            (M::TroubleJoinRemoved, M::TroubleJoinRemovedAdvice)
        }
        EndReason::Removed { message } => {
            return quoting(
                words,
                M::TroubleJoinRemoved,
                title,
                M::TroubleJoinRemovedBecause,
                message,
            );
        }
        EndReason::Refused { message } => {
            return quoting(
                words,
                M::TroubleJoin,
                title,
                M::TroubleJoinRefusedAdvice,
                message,
            );
        }
        EndReason::Untrusted { server, .. } => {
            return naming(words, title, M::TroubleJoinUntrustedAdvice, server);
        }
        EndReason::WrongCall { server, .. } => {
            return naming(words, title, M::TroubleJoinWrongCallAdvice, server);
        }
        EndReason::EndedForAll => (M::TroubleJoinEnded, M::TroubleJoinEndedAdvice),
        EndReason::Rejected => (M::TroubleJoin, M::TroubleJoinRejectedAdvice),
        EndReason::Full => (M::TroubleJoin, M::TroubleJoinFullAdvice),
        EndReason::NotFound => (M::TroubleJoin, M::TroubleJoinNotFoundAdvice),
        EndReason::LoginNeeded { .. } => (M::TroubleJoin, M::TroubleJoinLoginAdvice),
        EndReason::EncryptionNeeded => (M::TroubleJoin, M::TroubleJoinEncryptionAdvice),
        EndReason::BadLink { .. } => (M::TroubleJoin, M::TroubleJoinBadLinkAdvice),
        EndReason::NotAllowed { .. } => (M::TroubleJoin, M::TroubleJoinNotAllowedAdvice),
        EndReason::Failed { .. } => (M::TroubleJoin, M::TroubleJoinFailedAdvice),
        EndReason::AnsweredElsewhere => (M::TroubleCallElsewhere, M::TroubleCallElsewhereAdvice),
        EndReason::Left | EndReason::HungUp => (M::TroubleJoin, M::TroubleJoinOverAdvice),
    };
    (about(words, what, title), words.say(advice))
}

fn about(words: &Words, what: Message, title: &str) -> String {
    let untitled = words.say(Message::Untitled);
    let title = if title.trim().is_empty() {
        &untitled
    } else {
        title
    };
    words.tell(what, [("title", Value::Foreign(title))])
}

/// With the server that is to blame in the advice.
fn naming(words: &Words, title: &str, advice: Message, server: &str) -> (String, String) {
    let advice = words.tell(advice, [("server", Value::Foreign(server))]);
    (about(words, Message::TroubleJoin, title), advice)
}

/// With somebody else's words in the advice.
fn quoting(
    words: &Words,
    what: Message,
    title: &str,
    advice: Message,
    message: &str,
) -> (String, String) {
    let advice = words.tell(advice, [("message", Value::Foreign(message))]);
    (about(words, what, title), advice)
}

fn device(words: &Words, trouble: &MediaTrouble) -> (String, String) {
    use Message as M;
    let (what, advice, name) = match trouble {
        MediaTrouble::Missing { wanted, .. } => (
            M::TroubleDeviceMissing,
            M::TroubleDeviceMissingAdvice,
            wanted,
        ),
        MediaTrouble::Replaced { wanted, .. } => (
            M::TroubleDeviceReplaced,
            M::TroubleDeviceReplacedAdvice,
            wanted,
        ),
        MediaTrouble::Busy { device, .. } => {
            (M::TroubleDeviceBusy, M::TroubleDeviceBusyAdvice, device)
        }
        MediaTrouble::Covered { device, .. } => (
            M::TroubleDeviceCovered,
            M::TroubleDeviceCoveredAdvice,
            device,
        ),
        MediaTrouble::Failed { device, .. } => {
            (M::TroubleDeviceFailed, M::TroubleDeviceFailedAdvice, device)
        }
    };
    let device = match trouble.source() {
        DeviceUse::Camera => "camera",
        DeviceUse::Microphone => "microphone",
        DeviceUse::Loudspeaker => "loudspeaker",
        DeviceUse::Content => "content",
        DeviceUse::Display => "display",
        DeviceUse::ContentDisplay => "content-display",
    };
    let instead = match trouble {
        MediaTrouble::Replaced { instead, .. } => instead.as_str(),
        _ => "",
    };
    let values = || {
        [
            ("device", Value::Word(device)),
            ("name", Value::Foreign(name)),
            ("instead", Value::Foreign(instead)),
        ]
    };
    (words.tell(what, values()), words.tell(advice, values()))
}
