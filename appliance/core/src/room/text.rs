//! Text on the television, sent whenever it is another.

use saal_media_protocol::MediaCommand;
use saal_meeting::Caption;

use super::Room;
use crate::{Effect, Now, Phase, screen_text, viewer::Onlooker};

impl Room {
    /// Shows the chat on the television, where the meeting has one, or no more.
    pub(super) fn show_chat(&mut self, shown: bool) {
        let call = self.phase.in_call_mut();
        let changed = call
            .filter(|call| call.state.chat || !shown)
            .is_some_and(|call| call.said.show_chat(shown));
        if changed {
            self.send_tiles();
            self.effect(Effect::Redraw);
        }
    }

    /// The first caption in a while needs a place.
    pub(super) fn hear_caption(&mut self, now: Now, caption: Caption) {
        let Some(said) = self.phase.said_mut() else {
            return;
        };
        let had_place = said.is_captioned();
        said.hear_caption(now, caption);
        if !had_place {
            self.send_tiles();
        }
    }

    /// What is old is no longer shown; captions that stopped need no place.
    pub(super) fn forget_said(&mut self, now: Now) {
        let Some(said) = self.phase.said_mut() else {
            return;
        };
        let had_place = said.is_captioned();
        if !said.forget_old(now) {
            return;
        }
        if had_place != said.is_captioned() {
            self.send_tiles();
        }
        self.effect(Effect::Redraw);
    }

    pub(super) fn send_text(&mut self, now: Now) {
        let labels = match (self.phase.in_call(), &self.config) {
            (Some(call), Some(config)) => {
                let television = &config.television;
                let (width, height) = (television.width.get(), television.height.get());
                let standing = screen_text::Standing {
                    camera_muted: self.muted.camera,
                    displays: self.displays,
                    reconnecting: matches!(self.phase, Phase::Reconnecting(_)),
                    seen: matches!(self.onlooker(), Onlooker::Looks(_)),
                    large: screen_text::Large::of(self.stats.as_ref()),
                    day: self.day_text(now),
                };
                screen_text::labels(call, standing, config.room.language, (width, height))
            }
            (None, Some(config)) if self.phase == Phase::Home => {
                let television = &config.television;
                let (width, height) = (television.width.get(), television.height.get());
                let ring = self.rings.first();
                ring.map(|ring| screen_text::ringing(ring, width, height))
                    .into_iter()
                    .collect()
            }
            _ => Vec::new(),
        };
        if labels != self.labels {
            self.labels.clone_from(&labels);
            self.effect(Effect::Media(MediaCommand::SetText { labels }));
        }
    }
}
