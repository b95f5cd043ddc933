//! What people, and programs for them, do at the panel.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use saal_control::{PanelAction, Reply, Taps};
use saal_core::Event;
use saal_hal::{Contact, Key, Touch, TouchPhase};
use saal_panel::Worked;

use super::Daemon;
use crate::screen::Glass;

impl Daemon {
    pub(super) async fn touch(&mut self, touch: Touch, present: bool) {
        let now = self.clock.now();
        self.output.touched(now);
        self.note_remote(present).await;
        let worked = self.panel.touch(touch, now);
        self.follow(worked, present).await;
    }

    /// People in the room can read that somebody elsewhere worked their panel.
    async fn note_remote(&mut self, present: bool) {
        if !present {
            self.tell(Event::RemoteTouch).await;
        }
    }

    /// A finger on a touch screen of this machine.
    pub(super) async fn contact(&mut self, screen: &str, contact: Contact) {
        let now = self.clock.now();
        if let Some(touch) = self.output.contact(screen, contact, now) {
            self.touch(touch, true).await;
        }
    }

    /// The panel is on this glass from now on, or on none of this machine.
    pub(super) fn move_panel(&mut self, glass: Option<Glass>) {
        self.panel.set_size(self.output.set_glass(glass));
        self.panel.draw(&self.room, self.clock.now());
    }

    /// What was typed is not for the log.
    pub(super) async fn key(&mut self, key: Key, present: bool) {
        let now = self.clock.now();
        self.output.touched(now);
        self.note_remote(present).await;
        let worked = self.panel.key(key, now);
        self.follow(worked, present).await;
    }

    /// People did something at the panel.
    pub(super) async fn follow(&mut self, worked: Worked, present: bool) {
        match worked.intent {
            Some(intent) if !present && intent.is_for_those_present() => {
                tracing::warn!(?intent, "from elsewhere; only people in the room may");
            }
            Some(intent) => {
                tracing::info!(?intent, "at the panel");
                self.tell(Event::Intent(intent)).await;
            }
            None => {}
        }
        if worked.redraw {
            self.panel.draw(&self.room, self.clock.now());
        }
        if let Some(left) = self.panel.left(&self.room) {
            self.tell(Event::Intent(left)).await;
        }
    }

    /// A program does what people do at the panel.
    pub(super) async fn work_panel(&mut self, action: PanelAction) -> Reply {
        match action {
            PanelAction::Tree {} => {
                let tree = serde_json::to_value(self.panel.watch().borrow().tree());
                return Reply::Panel(Box::new(tree.unwrap_or_default()));
            }
            PanelAction::Picture {} => {
                self.tell(Event::RemoteLook).await;
                let picture = self.panel.watch().borrow().clone();
                return Reply::PanelPicture {
                    png: BASE64_STANDARD.encode(&*picture.png()),
                };
            }
            PanelAction::Touch { x, y, taps } => {
                let taps = if taps == Taps::Two { 2 } else { 1 };
                for _ in 0..taps {
                    for phase in [TouchPhase::Down, TouchPhase::Up] {
                        self.touch(Touch { x, y, phase }, false).await;
                    }
                }
            }
            PanelAction::Key { key, modifiers } => {
                let down = Key {
                    modifiers,
                    ..Key::down(key)
                };
                self.key(down, false).await;
                self.key(down.up(), false).await;
            }
        }
        Reply::Done {}
    }
}
