//! What somebody of the fleet who helps does, as the agent says it.

use std::sync::Arc;

use saal_control::{HelpState, HelpStatus, NumberedPicture, Reply};
use saal_core::{Event, HelpEvent, HelpId, HelpStage};
use saal_fleet_protocol::fleet::help::HelpWanted;
use saal_hal::{Touch, TouchPhase};
use tokio::sync::oneshot;

use super::Daemon;

impl Daemon {
    pub(super) async fn help(&mut self, wanted: HelpWanted) {
        match wanted {
            HelpWanted::Ask {
                number,
                name,
                touch,
            } => {
                tracing::info!(number, name, touch, "somebody asks to help from afar");
                let event = HelpEvent::Asks { name, touch };
                self.tell(Event::Help(HelpId(number), event)).await;
            }
            HelpWanted::Look { number } => {
                self.tell(Event::Help(HelpId(number), HelpEvent::Follows))
                    .await;
            }
            HelpWanted::Touch { number, x, y } => self.touch_from_afar(number, (x, y)).await,
            HelpWanted::End { number } => {
                tracing::info!(number, "the help from afar is over");
                self.tell(Event::Help(HelpId(number), HelpEvent::Gone))
                    .await;
            }
        }
    }

    /// As a finger does it, for as long as people allow it, and not where they type what nobody else is to know.
    async fn touch_from_afar(&mut self, number: u64, (x, y): (u32, u32)) {
        let private = self.panel.watch().borrow().afar().is_private();
        if private || !self.room.takes_touches_of(HelpId(number)) {
            tracing::warn!(number, private, "a touch from afar that nobody allowed");
            return;
        }
        let pixels = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        for phase in [TouchPhase::Down, TouchPhase::Up] {
            let (x, y) = (pixels(x), pixels(y));
            self.touch(Touch { x, y, phase }, false).await;
        }
    }

    /// Answers once the picture is made, beside the loop.
    pub(super) async fn help_stands(
        &mut self,
        help: HelpId,
        seen: u64,
        reply: oneshot::Sender<Reply>,
    ) {
        self.tell(Event::Help(help, HelpEvent::Follows)).await;
        let stage = self.room.help_stage(help);
        let afar = Arc::clone(self.panel.watch().borrow().afar());
        let news = stage == HelpStage::Allowed && afar.is_seen() && afar.number() != seen;
        tokio::task::spawn_blocking(move || {
            let picture = news.then(|| NumberedPicture {
                number: afar.number(),
                panel: afar.picture(),
            });
            let status = HelpStatus {
                state: state(stage),
                picture,
            };
            // Whoever asked may have hung up.
            let _ = reply.send(Reply::Help(Box::new(status)));
        });
    }
}

fn state(stage: HelpStage) -> HelpState {
    match stage {
        HelpStage::Asked => HelpState::Asked {},
        HelpStage::Allowed => HelpState::Allowed {},
        HelpStage::Ended(why) => HelpState::Ended { why },
    }
}
