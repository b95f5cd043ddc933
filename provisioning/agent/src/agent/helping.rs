//! Somebody looks after the room from afar.

use saal_fleet_protocol::fleet::{
    log::{LogSent, LogWanted},
    wire::FromDevice,
};
use tokio::task::JoinHandle;

use super::Agent;
use crate::{link::Link, logs};

impl Agent {
    /// The server asks for the log. What was asked before is asked no more.
    pub(super) fn read_log(&mut self, wanted: LogWanted) {
        tracing::info!(lines = wanted.lines, "the fleet asks for the log");
        let reading = logs::answer(self.settings.log_file.clone(), wanted);
        if let Some(before) = self.log.replace(tokio::spawn(reading)) {
            before.abort();
        }
    }

    /// Sends the log as soon as it was read.
    pub(super) async fn send_log(&mut self, link: &mut Link) -> bool {
        if self.log.as_ref().is_none_or(|log| !log.is_finished()) {
            return true;
        }
        let read: Option<JoinHandle<LogSent>> = self.log.take();
        let Some(read) = read else { return true };
        match read.await {
            Ok(log) => link.say(&FromDevice::Log(Box::new(log))).await,
            Err(error) => {
                tracing::error!(%error, "reading the log");
                true
            }
        }
    }
}
