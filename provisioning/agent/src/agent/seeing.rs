//! Somebody sees the panel from afar, and maybe works it, once people in the room allowed it.

use std::time::Duration;

use saal_control::HelpState;
use saal_fleet_protocol::fleet::{
    help::{HelpEnd, HelpNews, HelpSaid, HelpWanted},
    wire::FromDevice,
};
use tokio::time::Instant;

use super::{Agent, End};
use crate::link::Link;

/// Who helps looks every few seconds; who does not for so long has gone.
const LOOKS_FOR: Duration = Duration::from_secs(30);

/// A help that people are asked about, or that goes on.
pub(super) struct Help {
    number: u64,
    /// The server knows that people allowed it.
    allowed: bool,
    /// The last picture that the server was sent.
    seen: u64,
    looked: Instant,
}

impl Agent {
    /// The server says what somebody wants.
    pub(super) async fn help(&mut self, wanted: HelpWanted) {
        match &wanted {
            HelpWanted::Ask { number, touch, .. } => {
                tracing::info!(number, touch, "somebody asks to help");
                self.stop_help().await;
                self.help = Some(Help {
                    number: *number,
                    allowed: false,
                    seen: 0,
                    looked: Instant::now(),
                });
            }
            HelpWanted::Look { number } => {
                if let Some(help) = self.helping(*number) {
                    (help.seen, help.looked) = (0, Instant::now());
                }
                // The room is asked anyway.
                return;
            }
            HelpWanted::Touch { number, .. } => {
                if self.helping(*number).is_none() {
                    return;
                }
            }
            HelpWanted::End { number } => {
                if self.helping(*number).is_some() {
                    self.stop_help().await;
                }
                return;
            }
        }
        // A room that does not answer is noticed at the next look at it.
        self.room.help(wanted).await;
    }

    fn helping(&mut self, number: u64) -> Option<&mut Help> {
        self.help.as_mut().filter(|help| help.number == number)
    }

    /// Nobody helps any more, as far as this agent knows.
    pub(super) async fn stop_help(&mut self) {
        if let Some(Help { number, .. }) = self.help.take() {
            self.room.help(HelpWanted::End { number }).await;
        }
    }

    /// How it stands, and how the panel looks, as often as pictures are sent.
    pub(super) async fn see(&mut self, link: &mut Link) -> Option<End> {
        let help = self.help.as_ref()?;
        let number = help.number;
        if help.looked.elapsed() > LOOKS_FOR {
            self.stop_help().await;
            return tell(link, number, HelpNews::Ended { why: HelpEnd::Left }).await;
        }
        let Some(status) = self.room.help_stands(number, help.seen).await else {
            self.help = None;
            return tell(link, number, HelpNews::Ended { why: HelpEnd::Lost }).await;
        };
        match status.state {
            HelpState::Asked {} => return None,
            HelpState::Allowed {} => {}
            HelpState::Ended { why } => {
                self.help = None;
                return tell(link, number, HelpNews::Ended { why }).await;
            }
        }
        let help = self.helping(number)?;
        let allowed = std::mem::replace(&mut help.allowed, true);
        if !allowed && let Some(end) = tell(link, number, HelpNews::Allowed {}).await {
            return Some(end);
        }
        let picture = status.picture?;
        self.helping(number)?.seen = picture.number;
        tell(link, number, HelpNews::Panel(picture.panel)).await
    }
}

async fn tell(link: &mut Link, number: u64, news: HelpNews) -> Option<End> {
    let said = FromDevice::Help(Box::new(HelpSaid { number, news }));
    let sent = link.say(&said).await;
    (!sent).then(|| End::Lost("the connection broke".to_owned()))
}
