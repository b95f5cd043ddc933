//! What the server's components say: moderation, metadata, polls, breakout rooms, recordings.

use std::{collections::BTreeMap, time::Instant};

use saal_media_protocol::SourceKind;
use saal_meeting::{CallEvent, Poll, Role};
use serde_json::Value;

use super::{Conference, Pending, consent::Consent};
use crate::protocol::{ids, ns, presence::Occupant, services, xml::Element};

/// More than fits on any panel.
const MAX_POLLS: usize = 50;
const MAX_ANSWERS: usize = 20;
/// In all polls.
const MAX_VOTES: usize = 10_000;
/// Of all that is written down: it has no session of its own.
const TRANSCRIPTION: &str = "transcription";
/// Captures at once.
const MAX_CAPTURES: usize = 16;

/// What the components have said so far.
#[derive(Debug, Default)]
pub(super) struct Notices {
    floor: Floor,
    capture: Capture,
    consent: Consent,
    /// Who voted what, by poll and voter.
    votes: BTreeMap<(String, String), Vec<bool>>,
    /// Names of breakout rooms by JID.
    breakout_names: BTreeMap<String, String>,
}

/// The room's place among people whom moderators keep muted.
#[derive(Clone, Copy, Debug, Default)]
struct Floor {
    microphone_approved: bool,
    camera_approved: bool,
}

/// Recordings and broadcasts by session, and who writes down.
#[derive(Clone, Debug, Default)]
struct Capture {
    /// Session and whether it is broadcast.
    running: Vec<(String, bool)>,
    /// Transcription as the metadata say.
    metadata: bool,
    /// Who says to write down.
    transcriber: Option<String>,
}

impl Conference {
    pub(super) fn component_json(&mut self, now: Instant, json: &Value) {
        match json["type"].as_str().unwrap_or_default() {
            "av_moderation" => self.av_moderation(json),
            "room_metadata" => self.metadata(&json["metadata"]),
            "polls" => self.polls(json),
            "breakout_rooms" => self.breakout(now, json),
            "visitors" => {}
            "speakerstats" => self.speaker_stats(now, &json["users"]),
            // The meeting's length, who is in the lobby, shared files: the
            // panel shows none of them.
            "conference_duration" | "lobby-notify" | "file-sharing" | "audio-translation" => {}
            other => {
                let what = format!("a component's {other}");
                self.not_understood(&what);
            }
        }
    }

    /// Who may open microphones and cameras.
    fn av_moderation(&mut self, json: &Value) {
        let source = match json["mediaType"].as_str() {
            Some("audio") => SourceKind::Microphone,
            Some("video") => SourceKind::Camera,
            _ => return,
        };
        let truth = |name: &str| json[name].as_bool();
        if let Some(enabled) = truth("enabled") {
            self.moderated(source, enabled);
        } else if truth("removed") == Some(true) {
            self.approve(source, false);
        } else if truth("approved") == Some(true) {
            self.approve(source, true);
            self.emit(CallEvent::UnmuteAllowed { source });
        }
    }

    fn moderated(&mut self, source: SourceKind, enabled: bool) {
        if source == SourceKind::Microphone {
            self.state.microphone_moderated = enabled;
        } else {
            self.state.camera_moderated = enabled;
        }
        // Who speaks now may finish; the focus mutes who may not.
        self.approve(source, false);
    }

    fn approve(&mut self, source: SourceKind, approved: bool) {
        if source == SourceKind::Microphone {
            self.notices.floor.microphone_approved = approved;
        } else {
            self.notices.floor.camera_approved = approved;
        }
    }

    /// The room may open this source by itself.
    pub(super) fn may_unmute(&self, source: SourceKind) -> bool {
        let moderator = self.state.role == Role::Moderator;
        moderator
            || match source {
                SourceKind::Microphone => {
                    !self.state.microphone_moderated || self.notices.floor.microphone_approved
                }
                SourceKind::Camera => {
                    !self.state.camera_moderated || self.notices.floor.camera_approved
                }
                SourceKind::Content | SourceKind::ContentAudio => true,
            }
    }

    /// What the room's members share by the server.
    fn metadata(&mut self, metadata: &Value) {
        if !metadata.is_object() {
            return;
        }
        if metadata["services"].is_array() {
            self.ice_servers = services::read_json(&metadata["services"]);
        }
        let muted = |media: &str| metadata["startMuted"][media].as_bool() == Some(true);
        if self.state.role != Role::Moderator {
            self.start_muted((muted("audio"), muted("video")));
        }
        let recording = &metadata["recording"];
        let transcribes = recording["isTranscribingEnabled"].as_bool() == Some(true);
        self.notices.capture.metadata =
            transcribes || metadata["asyncTranscription"] == Value::Bool(true);
        self.note_capture();
    }

    fn polls(&mut self, json: &Value) {
        match json["command"].as_str().unwrap_or_default() {
            "new-poll" => self.put_poll(json),
            "old-polls" => {
                let polls = json["polls"].as_array().cloned().unwrap_or_default();
                polls.iter().for_each(|poll| self.put_poll(poll));
            }
            "answer-poll" => self.vote(json),
            _ => {}
        }
    }

    fn put_poll(&mut self, json: &Value) {
        let id = json["pollId"].as_str().or(json["id"].as_str());
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            return;
        };
        let answers = json["answers"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let answers = answers.iter().take(MAX_ANSWERS).map(|answer| {
            let name = answer["name"]
                .as_str()
                .or(answer.as_str())
                .unwrap_or_default();
            (name.to_owned(), votes(&answer["voters"]))
        });
        let poll = Poll {
            id: id.to_owned(),
            question: json["question"].as_str().unwrap_or_default().to_owned(),
            answers: answers.collect(),
        };
        let polls = &mut self.state.polls;
        match polls.iter().position(|known| known.id == poll.id) {
            Some(index) => polls[index] = poll,
            None if polls.len() < MAX_POLLS => polls.push(poll),
            None => {}
        }
    }

    /// Somebody's answers, one flag each; a second vote of theirs replaces the first.
    fn vote(&mut self, json: &Value) {
        let id = json["pollId"].as_str().unwrap_or_default().to_owned();
        let voter = ["voterId", "senderId", "roomJid"]
            .iter()
            .find_map(|name| json[*name].as_str());
        let key = (id.clone(), voter.unwrap_or_default().to_owned());
        let flags = json["answers"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let new: Vec<bool> = flags
            .iter()
            .map(|flag| flag.as_bool() == Some(true))
            .collect();
        if self.notices.votes.len() >= MAX_VOTES {
            return;
        }
        let old = self
            .notices
            .votes
            .insert(key, new.clone())
            .unwrap_or_default();
        let Some(poll) = self.state.polls.iter_mut().find(|poll| poll.id == id) else {
            return;
        };
        for (index, (_, count)) in poll.answers.iter_mut().enumerate() {
            let flag = |flags: &[bool]| u32::from(flags.get(index).copied().unwrap_or(false));
            *count = (*count + flag(&new)).saturating_sub(flag(&old));
        }
    }

    /// Moderators send us into another room, or tell which ones there are.
    fn breakout(&mut self, now: Instant, json: &Value) {
        match json["event"].as_str().unwrap_or_default() {
            "features/breakout-rooms/move-to-room" => {
                if let Some(room) = json["roomJid"].as_str().filter(|jid| self.is_own_room(jid)) {
                    self.move_to(now, room.to_owned());
                }
            }
            "features/breakout-rooms/update" => {
                if let Some(rooms) = json["rooms"].as_object() {
                    let named = rooms.values().filter_map(|room| {
                        let name = room["name"].as_str()?.to_owned();
                        Some((room["jid"].as_str()?.to_owned(), name))
                    });
                    self.notices.breakout_names = named.take(MAX_POLLS).collect();
                }
            }
            _ => {}
        }
        self.note_breakout();
    }

    /// Only to rooms of this installation.
    fn is_own_room(&self, jid: &str) -> bool {
        let domain = ids::domain(jid);
        let breakout = self.components.breakout_rooms.as_deref();
        !ids::local(jid).is_empty()
            && (domain == self.setup.hosts.muc || breakout.is_some_and(|b| domain.ends_with(b)))
    }

    pub(super) fn note_breakout(&mut self) {
        let breakout = self.components.breakout_rooms.as_deref();
        let inside = breakout.is_some_and(|b| ids::domain(&self.room).ends_with(b));
        let name = self.notices.breakout_names.get(&self.room).cloned();
        self.state.breakout = inside.then(|| name.unwrap_or_default());
    }

    /// `<jibri-recording-status/>` in the focus's presence.
    pub(super) fn note_recordings(&mut self, presence: &Element) {
        for status in presence.all("jibri-recording-status") {
            let session = status.attr("session_id").unwrap_or_default().to_owned();
            let stream = status.attr("recording_mode") == Some("stream");
            self.notices
                .capture
                .running
                .retain(|(known, _)| *known != session);
            let room = self.notices.capture.running.len() < MAX_CAPTURES;
            if status.attr("status") == Some("on") && room {
                self.notices.capture.running.push((session, stream));
            }
        }
        self.note_capture();
    }

    /// The transcriber is in the room like a member.
    pub(super) fn note_transcriber(&mut self, occupant: &Occupant) {
        if let Some(on) = occupant.transcribes {
            self.notices.capture.transcriber = on.then(|| occupant.endpoint.clone());
            self.note_capture();
        }
    }

    pub(super) fn transcriber_left(&mut self, endpoint: &str) {
        if self.notices.capture.transcriber.as_deref() == Some(endpoint) {
            self.notices.capture.transcriber = None;
            self.note_capture();
        }
    }

    fn note_capture(&mut self) {
        let running = &self.notices.capture.running;
        self.state.recording = running.iter().any(|(_, stream)| !stream);
        self.state.live_stream = running.iter().any(|(_, stream)| *stream);
        self.state.transcription =
            self.notices.capture.metadata || self.notices.capture.transcriber.is_some();
        let written = self.state.transcription.then(|| TRANSCRIPTION.to_owned());
        let sessions = running.iter().map(|(session, _)| session.clone());
        let sessions = sessions.chain(written).collect();
        let rule = self.setup.consent;
        self.notices.consent.follow(rule, self.joined, sessions);
        self.state.consent_asked = self.notices.consent.is_asked();
    }

    /// The room agrees.
    pub(super) fn consent(&mut self) {
        self.notices.consent.give();
        self.note_capture();
    }

    pub(super) fn ask_room(&mut self) {
        let room = self.room.clone();
        let question = Element::new("query", ns::DISCO_INFO);
        self.ask(&room, "get", question, Pending::RoomInfo);
    }

    /// The room that breakout rooms belong to.
    pub(super) fn main_room(&self) -> &str {
        self.room_info.main_room.as_deref().unwrap_or(&self.room)
    }
}

/// A number, or a list or map of voters.
fn votes(voters: &Value) -> u32 {
    let count = match voters {
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}
