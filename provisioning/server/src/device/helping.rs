//! What somebody who helps asks a device for.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    log::{LogSent, LogWanted},
    wire::FromServer,
};

use super::{Connection, Flow};
use crate::fleet::{devices::DeviceRow, logs};

impl Connection<'_> {
    /// Tells it once that somebody wants its log.
    pub(super) async fn ask_for_log(&mut self, wanted: Option<LogWanted>) -> Flow {
        let Some(wanted) = wanted.filter(|wanted| wanted.number != self.log) else {
            return Flow::Continue(());
        };
        self.log = wanted.number;
        self.say(&FromServer::Log(wanted)).await
    }

    pub(super) async fn log_came(&mut self, row: &DeviceRow, log: LogSent) -> Flow {
        let (device, now) = (row.device.clone(), Timestamp::now());
        self.write(move |tx| logs::came(tx, &device, &log, now))
            .await
    }
}
