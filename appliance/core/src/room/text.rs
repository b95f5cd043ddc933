//! Text on the television, sent whenever it is another.

use saal_media_protocol::MediaCommand;

use super::Room;
use crate::{Effect, screen_text};

impl Room {
    /// Shows the chat on the television, or no more.
    pub(super) fn show_chat(&mut self, shown: bool) {
        let changed = self
            .phase
            .said_mut()
            .is_some_and(|said| said.show_chat(shown));
        if changed {
            self.send_tiles();
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn send_text(&mut self) {
        let labels = match (self.phase.in_call(), &self.config) {
            (Some(call), Some(config)) => {
                let television = &config.television;
                screen_text::labels(call, television.width.get(), television.height.get())
            }
            _ => Vec::new(),
        };
        if labels != self.labels {
            self.labels.clone_from(&labels);
            self.effect(Effect::Media(MediaCommand::SetText { labels }));
        }
    }
}
