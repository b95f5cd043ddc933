//! Somebody who helps the device's room: what they want goes there, what the room says and its pictures come back.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    help::{HelpEnd, HelpNews, HelpSaid, HelpWanted, PanelPicture},
    wire::FromServer,
};

use super::{Connection, Flow};
use crate::{
    fleet::{
        devices::DeviceRow,
        helps::{self, Due},
    },
    panels::{self, Seen},
};

/// What this connection knows of help.
#[derive(Default)]
pub(super) struct Help {
    /// The device's release knows of it.
    known: bool,
    /// The one that the device was told of; few connections have one at a time.
    told: Option<Box<Told>>,
}

struct Told {
    number: u64,
    /// The room has said so over this connection.
    allowed: bool,
    looks: u64,
    /// The last touch.
    touch: u64,
}

impl Help {
    pub(super) fn can_be_told(&mut self, known: bool) {
        self.known = known;
    }

    fn of(&mut self, number: u64) -> Option<&mut Told> {
        let told = self.told.as_deref_mut();
        told.filter(|told| told.number == number)
    }
}

impl Connection<'_> {
    /// Tells the device what is news of a help.
    pub(super) async fn help(&mut self, row: &DeviceRow, due: Option<Due>) -> Flow {
        let Some(due) = due else {
            return match self.help.told.take() {
                Some(told) => {
                    self.want(HelpWanted::End {
                        number: told.number,
                    })
                    .await
                }
                None => Flow::Continue(()),
            };
        };
        if !self.help.known {
            let (device, now) = (row.device.clone(), Timestamp::now());
            let older = (HelpEnd::Older, now);
            return self
                .write(move |tx| helps::noticed(tx, &device, Some(due.number), older))
                .await;
        }
        let number = due.number;
        let Some(told) = self.help.of(number) else {
            self.help.told = Some(Box::new(Told {
                number,
                allowed: false,
                looks: due.looks,
                touch: due.touches.last().map_or(0, |touch| touch.number),
            }));
            let (name, touch) = (due.name, due.touch);
            return self
                .want(HelpWanted::Ask {
                    number,
                    name,
                    touch,
                })
                .await;
        };
        let looked = std::mem::replace(&mut told.looks, due.looks) != due.looks;
        let before = told.touch;
        told.touch = due.touches.last().map_or(before, |touch| touch.number);
        if looked {
            self.want(HelpWanted::Look { number }).await?;
        }
        for touch in due.touches.iter().filter(|touch| touch.number > before) {
            let (x, y) = (touch.x, touch.y);
            self.want(HelpWanted::Touch { number, x, y }).await?;
        }
        Flow::Continue(())
    }

    async fn want(&mut self, wanted: HelpWanted) -> Flow {
        self.say(&FromServer::Help(wanted)).await
    }

    /// The room says something of a help, or shows its panel.
    pub(super) async fn help_said(&mut self, row: &DeviceRow, said: HelpSaid) -> Flow {
        let HelpSaid { number, news } = said;
        let Some(told) = self.help.of(number) else {
            // It was over before the device heard of that.
            return Flow::Continue(());
        };
        match news {
            HelpNews::Panel(panel) if told.allowed => {
                self.show(row, number, panel);
                return Flow::Continue(());
            }
            HelpNews::Panel(_) => return Flow::Continue(()),
            HelpNews::Allowed {} => told.allowed = true,
            HelpNews::Ended { .. } => self.help.told = None,
        }
        let (device, now) = (row.device.clone(), Timestamp::now());
        self.write(move |tx| helps::said(tx, &device, (number, &news), now))
            .await
    }

    fn show(&self, row: &DeviceRow, number: u64, panel: PanelPicture) {
        if let Some(problem) = panel.problem() {
            return tracing::warn!(device = %row.device, problem, "a picture of a panel");
        }
        let seen = Seen { number, panel };
        if self.app.hub.has_others() {
            match panels::sealed(&self.app.keys, &row.device, &seen) {
                Ok(said) => self.app.hub.say(said),
                Err(error) => tracing::error!(%error, "other nodes see no picture"),
            }
        }
        self.app.panels.show(&row.device, seen);
    }

    /// The connection is over, and so is what went on over it.
    pub(super) async fn stop_help(&mut self, row: &DeviceRow) {
        let Some(told) = self.help.told.take() else {
            return;
        };
        let (device, now) = (row.device.clone(), Timestamp::now());
        let lost = (HelpEnd::Lost, now);
        let noticed = self
            .app
            .store
            .run(move |tx| helps::noticed(tx, &device, Some(told.number), lost));
        if let Err(error) = noticed.await {
            tracing::warn!(%error, "nobody knows that a help is over");
        }
    }
}
