//! `m.call.*` events as they are in the timeline of a room.

use std::collections::BTreeMap;

use saal_media_protocol::DescriptionKind;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// The version that the room speaks; the one before is the number 0.
const VERSION: &str = "1";
/// What tells of the streams in a description (MSC3077), and its name before it was accepted.
const STREAMS: &str = "sdp_stream_metadata";
const UNSTABLE_STREAMS: &str = "org.matrix.msc3077.sdp_stream_metadata";
/// A stream with what is presented.
const SCREEN: &str = "m.screenshare";
/// A stream with a person's picture and sound.
const PERSON: &str = "m.usermedia";
/// Streams changed without a new description, by its name since it was accepted and before.
const STREAMS_CHANGED: &str = "m.call.sdp_stream_metadata_changed";
const UNSTABLE_STREAMS_CHANGED: &str = "org.matrix.call.sdp_stream_metadata_changed";
/// How long an offer within a call waits for its answer.
const NEGOTIATION_MS: u64 = 60_000;

/// What an event of a call says, and of which call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CallMessage {
    pub call_id: String,
    /// Which of its user's devices sent it; `None` before version 1.
    pub party: Option<String>,
    pub signal: Signal,
}

/// What an event of a call says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Signal {
    Invite(Invite),
    /// `candidate:…` each, without the mark of the end.
    Candidates(Vec<String>),
    Answer,
    /// The caller speaks with this device.
    SelectAnswer {
        party: String,
    },
    Reject,
    Hangup,
    /// A description within a call.
    Negotiate {
        kind: DescriptionKind,
        sdp: String,
        streams: Option<Streams>,
    },
    Streams(Streams),
}

/// A call begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Invite {
    pub sdp: String,
    /// Milliseconds from when it was sent.
    pub lifetime_ms: u64,
    /// The one it is for, where the caller named somebody.
    pub invitee: Option<String>,
    /// `None`: the caller says nothing of its streams.
    pub streams: Option<Streams>,
}

impl Invite {
    /// Whether the caller offers pictures.
    pub(crate) fn pictures(&self) -> bool {
        self.sdp.lines().any(|line| line.starts_with("m=video"))
    }
}

/// What is known of the streams in a description, by their ids.
pub(crate) type Streams = BTreeMap<String, Stream>;

/// What is known of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Stream {
    purpose: String,
    #[serde(default)]
    pub audio_muted: bool,
    #[serde(default)]
    pub video_muted: bool,
}

impl Stream {
    /// What is presented, not who presents it.
    pub(crate) fn is_screen(&self) -> bool {
        self.purpose == SCREEN
    }
}

#[derive(Deserialize)]
struct Base {
    call_id: String,
    party_id: Option<String>,
    #[serde(deserialize_with = "is_version_0")]
    version: bool,
}

/// Unknown versions are taken for the newest that is known, as the specification wants it.
fn is_version_0<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let version = Value::deserialize(from)?;
    Ok(version == 0 || version == "0")
}

#[derive(Deserialize)]
struct Description {
    #[serde(rename = "type")]
    kind: String,
    sdp: String,
}

#[derive(Deserialize)]
struct InviteContent {
    offer: Description,
    lifetime: u64,
    invitee: Option<String>,
}

#[derive(Deserialize)]
struct CandidatesContent {
    candidates: Vec<CandidateContent>,
}

#[derive(Deserialize)]
struct CandidateContent {
    #[serde(default)]
    candidate: String,
}

#[derive(Deserialize)]
struct SelectContent {
    selected_party_id: String,
}

#[derive(Deserialize)]
struct NegotiateContent {
    description: Description,
}

/// Reads an event's content; `None` for events that are not of calls.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(kind: &str, content: &Value) -> Option<Result<CallMessage, serde_json::Error>> {
    let signal: fn(&Value) -> Result<Signal, serde_json::Error> = match kind {
        "m.call.invite" => invite,
        "m.call.candidates" => candidates,
        "m.call.answer" => |_| Ok(Signal::Answer),
        "m.call.select_answer" => select,
        "m.call.reject" => |_| Ok(Signal::Reject),
        "m.call.hangup" => |_| Ok(Signal::Hangup),
        "m.call.negotiate" => negotiate,
        STREAMS_CHANGED | UNSTABLE_STREAMS_CHANGED => {
            |content| Ok(Signal::Streams(streams(content)?.unwrap_or_default()))
        }
        _ => return None,
    };
    let message = || {
        let base = Base::deserialize(content)?;
        Ok(CallMessage {
            call_id: base.call_id,
            party: base.party_id.filter(|_| !base.version),
            signal: signal(content)?,
        })
    };
    Some(message())
}

fn invite(content: &Value) -> Result<Signal, serde_json::Error> {
    let invite = InviteContent::deserialize(content)?;
    Ok(Signal::Invite(Invite {
        sdp: invite.offer.sdp,
        lifetime_ms: invite.lifetime,
        invitee: invite.invitee,
        streams: streams(content)?,
    }))
}

fn candidates(content: &Value) -> Result<Signal, serde_json::Error> {
    let all = CandidatesContent::deserialize(content)?.candidates;
    let some = all.into_iter().map(|one| one.candidate);
    Ok(Signal::Candidates(some.filter(|c| !c.is_empty()).collect()))
}

fn select(content: &Value) -> Result<Signal, serde_json::Error> {
    let party = SelectContent::deserialize(content)?.selected_party_id;
    Ok(Signal::SelectAnswer { party })
}

fn negotiate(content: &Value) -> Result<Signal, serde_json::Error> {
    let description = NegotiateContent::deserialize(content)?.description;
    let kind = match description.kind.as_str() {
        "answer" | "pranswer" => DescriptionKind::Answer,
        _ => DescriptionKind::Offer,
    };
    Ok(Signal::Negotiate {
        kind,
        sdp: description.sdp,
        streams: streams(content)?,
    })
}

fn streams(content: &Value) -> Result<Option<Streams>, serde_json::Error> {
    let found = content
        .get(STREAMS)
        .or_else(|| content.get(UNSTABLE_STREAMS));
    found.map(Streams::deserialize).transpose()
}

/// What the room says in one call.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    pub call_id: String,
    /// This device among those of the room's account.
    pub party: String,
}

/// What the room keeps to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub microphone: bool,
    pub camera: bool,
}

/// An event to send: its type and content.
pub(crate) type Outgoing = (&'static str, Value);

impl Speaker {
    fn say(&self, kind: &'static str, more: Value) -> Outgoing {
        let mut content = json!({
            "call_id": self.call_id,
            "party_id": self.party,
            "version": VERSION,
        });
        if let (Value::Object(content), Value::Object(more)) = (&mut content, more) {
            content.extend(more);
        }
        (kind, content)
    }

    /// The same with what is known of our only stream.
    fn say_with_streams(
        &self,
        kind: &'static str,
        (stream, kept): (&str, Kept),
        mut more: Value,
    ) -> Outgoing {
        let stream = json!({ stream: {
            "purpose": PERSON,
            "audio_muted": kept.microphone,
            "video_muted": kept.camera,
        }});
        more[UNSTABLE_STREAMS] = stream.clone();
        more[STREAMS] = stream;
        self.say(kind, more)
    }

    pub(crate) fn answer(&self, sdp: &str, stream: (&str, Kept)) -> Outgoing {
        let answer = json!({
            "answer": { "type": "answer", "sdp": sdp },
            "capabilities": { "m.call.transferee": false, "m.call.dtmf": false },
        });
        self.say_with_streams("m.call.answer", stream, answer)
    }

    /// Answers an offer within the call.
    pub(crate) fn negotiate(&self, sdp: &str, stream: (&str, Kept)) -> Outgoing {
        let description = json!({
            "description": { "type": "answer", "sdp": sdp },
            "lifetime": NEGOTIATION_MS,
        });
        self.say_with_streams("m.call.negotiate", stream, description)
    }

    pub(crate) fn streams_changed(&self, stream: (&str, Kept)) -> Outgoing {
        self.say_with_streams(UNSTABLE_STREAMS_CHANGED, stream, json!({}))
    }

    /// Candidates of the one connection, which the first media section has for all.
    pub(crate) fn candidates(&self, candidates: &[String]) -> Outgoing {
        let one = |candidate: &String| json!({ "candidate": candidate, "sdpMLineIndex": 0 });
        let all: Vec<Value> = candidates.iter().map(one).collect();
        self.say("m.call.candidates", json!({ "candidates": all }))
    }

    /// `reason` as in the specification's list for hangups.
    pub(crate) fn hang_up(&self, reason: &str) -> Outgoing {
        self.say("m.call.hangup", json!({ "reason": reason }))
    }

    /// Does not take the call. Version 0 knows only the hangup.
    pub(crate) fn reject(&self, caller: Option<&str>) -> Outgoing {
        match caller {
            Some(_) => self.say("m.call.reject", json!({})),
            None => self.hang_up("user_hangup"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invites_of_both_versions_are_read() {
        let sdp = "v=0\r\nm=audio 9 x\r\n";
        let mut content = json!({
            "call_id": "c1", "party_id": "DEV", "version": "1", "lifetime": 60000,
            "offer": { "type": "offer", "sdp": sdp },
            "org.matrix.msc3077.sdp_stream_metadata": { "s": { "purpose": "m.usermedia" } },
        });
        let read = parse("m.call.invite", &content).unwrap().unwrap();
        assert_eq!(
            (read.call_id.as_str(), read.party.as_deref()),
            ("c1", Some("DEV"))
        );
        let Signal::Invite(invite) = read.signal else {
            panic!("{read:?}")
        };
        assert!(!invite.pictures());
        assert!(!invite.streams.unwrap()["s"].is_screen());
        content["version"] = json!(0);
        let read = parse("m.call.invite", &content).unwrap().unwrap();
        assert_eq!(read.party, None, "version 0 has no parties");
    }

    #[test]
    fn what_is_no_call_is_left_alone_and_what_is_broken_is_named() {
        assert!(parse("m.room.message", &json!({})).is_none());
        assert!(parse("m.call.member", &json!({})).is_none());
        let broken = json!({ "call_id": "c", "version": "1", "lifetime": 1 });
        let error = parse("m.call.invite", &broken).unwrap().unwrap_err();
        assert!(error.to_string().contains("offer"), "{error}");
    }

    #[test]
    fn the_end_of_candidates_is_no_candidate() {
        let content = json!({
            "call_id": "c", "party_id": "D", "version": "1",
            "candidates": [{ "candidate": "candidate:1", "sdpMid": "0" }, { "candidate": "" }, {}],
        });
        let read = parse("m.call.candidates", &content).unwrap().unwrap();
        assert_eq!(read.signal, Signal::Candidates(vec!["candidate:1".into()]));
    }

    #[test]
    fn what_the_room_says_can_be_read_back() {
        let speaker = Speaker {
            call_id: "c1".into(),
            party: "ROOM".into(),
        };
        let kept = Kept {
            microphone: false,
            camera: true,
        };
        let said = [
            speaker.negotiate("v=0", ("room", kept)),
            speaker.streams_changed(("room", kept)),
        ];
        for (kind, content) in said {
            let read = parse(kind, &content).unwrap().unwrap();
            assert_eq!(read.party.as_deref(), Some("ROOM"), "{kind}");
            let (Signal::Negotiate {
                streams: Some(streams),
                ..
            }
            | Signal::Streams(streams)) = read.signal
            else {
                panic!("{kind}")
            };
            assert!(!streams["room"].audio_muted && streams["room"].video_muted);
        }
        assert_eq!(speaker.reject(None).0, "m.call.hangup");
        assert_eq!(speaker.reject(Some("DEV")).0, "m.call.reject");
    }
}
