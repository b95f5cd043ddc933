//! Somebody of the fleet helps from afar, with leave of people in the room, told on the panel as long as it lasts.

use super::Room;
use crate::{
    Effect, Now,
    help::{HelpAction, HelpEvent, HelpId, HelpStage},
    viewer::Onlooker,
};

impl Room {
    /// How a help stands.
    #[must_use]
    pub fn help_stage(&self, help: HelpId) -> HelpStage {
        self.helpers.stage(help)
    }

    /// Whether whoever has this help may touch the panel.
    #[must_use]
    pub fn takes_touches_of(&self, help: HelpId) -> bool {
        let one = self.helpers.one();
        one.is_some_and(|(helper, allowed)| allowed && helper.touch && helper.help == help)
    }

    pub(super) fn on_help(&mut self, now: Now, help: HelpId, event: HelpEvent) {
        match event {
            HelpEvent::Asks { name, touch } => {
                let busy = self.viewers_elsewhere.onlooker() != Onlooker::Nobody;
                self.helpers.ask(now.mono, help, (&name, touch), busy);
                self.effect(Effect::Redraw);
            }
            // Several times a second: nothing is drawn for it.
            HelpEvent::Follows => self.helpers.follow(now.mono, help),
            HelpEvent::Gone => {
                if self.helpers.gone(help) {
                    self.effect(Effect::Redraw);
                }
            }
        }
    }

    pub(super) fn on_help_action(&mut self, now: Now, action: HelpAction) {
        let changed = match action {
            HelpAction::Allow(help) => self.helpers.allow(now.mono, help),
            HelpAction::Refuse(help) => self.helpers.refuse(now.mono, help),
            HelpAction::End => self.helpers.stop(now.mono),
        };
        if changed {
            self.effect(Effect::Redraw);
        }
    }

    /// People do not answer, allowed it long ago, or the way to whoever helps is gone.
    pub(super) fn forget_help(&mut self, now: Now) {
        if self.helpers.late(now.mono) {
            self.effect(Effect::Redraw);
        }
    }
}
