//! What a test can have the focus do.

use serde_json::Value;

use super::super::xmpp::escape;
use super::State;

/// An order about a room (its bare address).
#[derive(Debug, Clone)]
pub(in crate::jitsi) enum Control {
    /// Ends the session of a participant and offers it a new one.
    Move { room: String, endpoint: String },
    /// Mutes a participant, as moderation does, without a name.
    Mute {
        room: String,
        endpoint: String,
        medium: &'static str,
    },
    /// Throws a participant out.
    Kick {
        room: String,
        endpoint: String,
        reason: String,
    },
    /// Ends the conference for everybody.
    End { room: String, reason: String },
    /// Changes a key of the room's metadata.
    Metadata {
        room: String,
        key: String,
        value: Value,
    },
    /// Sets an element of the focus's presence, by a name of the test's; empty takes it away.
    Announce {
        room: String,
        name: String,
        element: String,
    },
}

impl State {
    /// Carries out an order; false when there is nobody whom it concerns.
    pub(super) async fn control(&mut self, control: Control) -> bool {
        match control {
            Control::Move { room, endpoint } => return self.move_away(&room, &endpoint).await,
            Control::Mute {
                room,
                endpoint,
                medium,
            } => {
                if !self.is_there(&room, &endpoint) {
                    return false;
                }
                let namespace = format!("http://jitsi.org/jitmeet/{medium}");
                self.mute(&room, &endpoint, &namespace, None);
            }
            Control::Kick {
                room,
                endpoint,
                reason,
            } => {
                if !self.is_there(&room, &endpoint) {
                    return false;
                }
                let item = format!(
                    "<item nick='{}' role='none'><reason>{}</reason></item>",
                    escape(&endpoint),
                    escape(&reason)
                );
                self.administer(&room, &item);
            }
            Control::End { room, reason } => {
                if !self.rooms.contains_key(&room) {
                    return false;
                }
                self.destroy(&room, &reason);
            }
            Control::Metadata { room, key, value } => {
                self.set_metadata(&room, &key, value);
            }
            Control::Announce {
                room,
                name,
                element,
            } => {
                let Some(known) = self.rooms.get_mut(&room) else {
                    return false;
                };
                known.announcements.insert(name, element);
                self.announce(&room, "");
            }
        }
        true
    }

    fn is_there(&self, room: &str, endpoint: &str) -> bool {
        self.rooms
            .get(room)
            .is_some_and(|room| room.real(endpoint).is_some())
    }
}
