//! What is wrong and what to do, in people's words.

pub(crate) mod sign_in;
pub(crate) mod support;

use jiff::{Timestamp, tz::TimeZone};
use saal_core::{OtherRoom, Part, Trouble};
use saal_fleet_protocol::{
    config::{Language, Support},
    fleet::KeyProblem,
};
use saal_media_protocol::{DeviceUse, MediaTrouble};
use saal_meeting::{EndReason, IdentityState};

use crate::{
    language::{Message, Value, Words},
    moments::Moments,
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

/// A trouble in the words of a language, as for status output, with whom to call about it.
#[must_use]
pub fn describe(
    language: Language,
    trouble: &Trouble,
    support: Option<&Support>,
    now: Timestamp,
    zone: &TimeZone,
) -> TroubleText {
    let words = Words::of(language);
    let moments = Moments::new(words, zone, now);
    let text = explain(words, trouble, &moments, support);
    TroubleText {
        what: unisolated(&text.what),
        advice: unisolated(&text.advice),
    }
}

/// Why the room declines an invitation, for its organiser.
#[must_use]
pub fn reason_to_decline(language: Language) -> String {
    Words::of(language).say(Message::InvitationDeclined)
}

/// As [`describe`], with what comes from outside isolated for drawing.
pub(crate) fn explain(
    words: &Words,
    trouble: &Trouble,
    moments: &Moments<'_>,
    support: Option<&Support>,
) -> TroubleText {
    let TroubleText { what, advice } = explained(words, trouble, moments);
    let advice = support::advised(words, trouble, support, advice);
    TroubleText { what, advice }
}

fn explained(words: &Words, trouble: &Trouble, moments: &Moments<'_>) -> TroubleText {
    use Message as M;
    let one = |message, name, value: &str| words.tell(message, [(name, Value::Foreign(value))]);
    let both = |what, advice| (words.say(what), words.say(advice));
    let with = |what, advice, name, value| (words.say(what), one(advice, name, value));
    let of = |what, advice, server| with(what, advice, "server", server);
    let (what, advice) = match trouble {
        Trouble::Enrolment { server, code } => enrolment(words, server, code.as_deref()),
        Trouble::SignedOut { server } => of(M::TroubleSignedOut, M::TroubleSignedOutAdvice, server),
        Trouble::Removed { server } => of(M::TroubleRemoved, M::TroubleRemovedAdvice, server),
        Trouble::SignInNeeded {
            server,
            problem,
            under_way,
        } => sign_in::trouble(words, server, problem.as_ref(), *under_way),
        Trouble::Unreachable { server, known } => {
            let (what, advice) = of(M::TroubleUnreachable, M::TroubleUnreachableAdvice, server);
            (what, with_age(words, advice, *known, moments))
        }
        Trouble::Untrusted { server, known } => {
            let (what, advice) = of(M::TroubleUntrusted, M::TroubleUntrustedAdvice, server);
            (what, with_age(words, advice, *known, moments))
        }
        Trouble::EngineFailing => both(M::TroubleEngine, M::TroubleEngineAdvice),
        Trouble::Store { path, full } => store(words, path, *full),
        Trouble::Identity(state) => (words.say(M::TroubleIdentity), words.say(identity(state))),
        Trouble::JoinFailed { title, reason } => join(words, title, reason),
        Trouble::SocketBlocked { server, needed } => {
            of(M::SocketBlocked, socket_advice(*needed), server)
        }
        Trouble::Device(trouble) => device(words, trouble),
        Trouble::Voice => both(M::TroubleVoice, M::TroubleVoiceAdvice),
        Trouble::CallNotSaved { path } => {
            let (what, advice) = (M::TroubleCallNotSaved, M::TroubleCallNotSavedAdvice);
            with(what, advice, "path", path)
        }
        Trouble::DeviceKey(problem) => device_key(words, *problem),
        Trouble::ConfigRefused { problem } => {
            with(M::TroubleConfig, M::TroubleConfigAdvice, "problem", problem)
        }
        Trouble::AuthorityOver { names } => authority_over(words, &names.join(", ")),
        Trouble::Signage { problems } => {
            let first = problems.first().map_or("", String::as_str);
            let advice = one(M::TroubleSignageAdvice, "problem", first);
            (counted(words, M::TroubleSignage, problems.len()), advice)
        }
        Trouble::CalendarUnreachable { names, at } => unreachable(words, names, *at, moments),
        Trouble::NotReady { part, .. } => not_ready(words, *part),
        Trouble::OtherRoom { rooms } => other_rooms(words, rooms, moments),
        Trouble::NotInCalendar => both(M::TroubleNotInCalendar, M::TroubleNotInCalendarAdvice),
        Trouble::Encoder { name } => with(M::TroubleEncoder, M::TroubleEncoderAdvice, "name", name),
        Trouble::Calendar { problems } => {
            let place = problems.first().map_or("", |p| p.place.as_str());
            let advice = one(M::TroubleCalendarAdvice, "place", place);
            (counted(words, M::TroubleCalendar, problems.len()), advice)
        }
    };
    TroubleText { what, advice }
}

/// What follows where the network blocks a connection of the meeting.
fn socket_advice(needed: bool) -> Message {
    match needed {
        true => Message::SocketBlockedNeededAdvice,
        false => Message::SocketBlockedAdvice,
    }
}

fn store(words: &Words, path: &str, full: bool) -> (String, String) {
    let what = if full {
        Message::TroubleStoreFull
    } else {
        Message::TroubleStore
    };
    let advice = words.tell(
        Message::TroubleStoreAdvice,
        [("path", Value::Foreign(path))],
    );
    (words.say(what), advice)
}

fn device_key(words: &Words, problem: KeyProblem) -> (String, String) {
    use Message as M;
    let (what, advice) = match problem {
        KeyProblem::Missing => (M::TroubleKeyMissing, M::TroubleKeyMissingAdvice),
        KeyProblem::Foreign => (M::TroubleKeyForeign, M::TroubleKeyForeignAdvice),
        KeyProblem::Failed => (M::TroubleKeyFailed, M::TroubleKeyFailedAdvice),
    };
    (words.say(what), words.say(advice))
}

fn authority_over(words: &Words, names: &str) -> (String, String) {
    let advice = words.tell(
        Message::TroubleAuthorityOverAdvice,
        [("names", Value::Foreign(names))],
    );
    (words.say(Message::TroubleAuthorityOver), advice)
}

fn counted(words: &Words, message: Message, count: usize) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    words.tell(message, [("count", count.into())])
}

fn enrolment(words: &Words, server: &str, code: Option<&str>) -> (String, String) {
    use Message as M;
    let one = |message, name, value| words.tell(message, [(name, Value::Foreign(value))]);
    match code {
        Some(code) => (
            one(M::TroubleEnrolment, "code", code),
            one(M::TroubleEnrolmentAdvice, "server", server),
        ),
        None if server.is_empty() => (
            words.say(M::TroubleEnrolmentAlone),
            words.say(M::TroubleEnrolmentNowhereAdvice),
        ),
        None => (
            words.say(M::TroubleEnrolmentAlone),
            one(M::TroubleEnrolmentAloneAdvice, "server", server),
        ),
    }
}

/// Calendars that do not answer, with the age of what is shown.
fn unreachable(
    words: &Words,
    names: &[String],
    at: Option<Timestamp>,
    moments: &Moments<'_>,
) -> (String, String) {
    let what = counted(words, Message::TroubleCalendarUnreachable, names.len());
    let names = names.join(", ");
    let names = ("names", Value::Foreign(&names));
    let Some(at) = at else {
        return (what, words.tell(Message::TroubleCalendarUnknown, [names]));
    };
    let when = age(words, at, moments);
    let values = [names, ("when", (&when).into())];
    (what, words.tell(Message::TroubleCalendarKnown, values))
}

/// The moment at which what is shown was so.
fn age(words: &Words, at: Timestamp, moments: &Moments<'_>) -> String {
    let (day, time) = (moments.day(at), moments.time(at));
    let values = [("day", (&day).into()), ("time", (&time).into())];
    words.tell(Message::TroubleCalendarDay, values)
}

/// Advice about a server that is away, with how old is what is shown of its rooms.
fn with_age(
    words: &Words,
    advice: String,
    known: Option<Timestamp>,
    moments: &Moments<'_>,
) -> String {
    let Some(at) = known else {
        return advice;
    };
    let when = age(words, at, moments);
    let rooms = words.tell(Message::TroubleRoomsKnown, [("when", (&when).into())]);
    format!("{advice} {rooms}")
}

/// What is wrong before a meeting begins, and what people can do.
fn not_ready(words: &Words, part: Part) -> (String, String) {
    use Message as M;
    let (what, advice) = match part {
        Part::Camera => (M::NotReadyCamera, M::NotReadyCameraAdvice),
        Part::Microphone => (M::NotReadyMicrophone, M::NotReadyMicrophoneAdvice),
        Part::Display => (M::NotReadyDisplay, M::NotReadyDisplayAdvice),
        Part::Network => (M::NotReadyNetwork, M::NotReadyNetworkAdvice),
        Part::Names | Part::Server => (M::NotReadyServer, M::NotReadyServerAdvice),
        Part::Sockets => (M::NotReadySockets, M::NotReadySocketsAdvice),
        Part::Account => (M::NotReadyAccount, M::NotReadyAccountAdvice),
        Part::Media => (M::NotReadyMedia, M::NotReadyMediaAdvice),
        Part::Datagrams => (M::NotReadyDatagrams, M::NotReadyDatagramsAdvice),
        Part::Disk => (M::NotReadyDisk, M::NotReadyItAdvice),
        Part::Clock => (M::NotReadyClock, M::NotReadyItAdvice),
    };
    (words.say(what), words.say(advice))
}

/// Where people could go, the nearest first.
fn other_rooms(words: &Words, rooms: &[OtherRoom], moments: &Moments<'_>) -> (String, String) {
    let one = |room: &OtherRoom| {
        let name = ("room", Value::Foreign(room.name.as_str()));
        match room.until {
            Some(until) => {
                let time = moments.time(until);
                words.tell(Message::OtherRoomUntil, [name, ("time", (&time).into())])
            }
            None => words.tell(Message::OtherRoom, [name]),
        }
    };
    let mut all = rooms.iter().map(one);
    let first = all.next().unwrap_or_default();
    let advice = words.say(Message::OtherRoomAdvice);
    let further = all.map(|room| format!(" {room}.")).collect::<String>();
    (first, advice + &further)
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
        EndReason::Blocked { server, .. } => {
            return naming(words, title, M::TroubleJoinBlockedAdvice, server);
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
