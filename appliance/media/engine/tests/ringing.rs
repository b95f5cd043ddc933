//! Somebody calls the room: the loudspeaker rings until told otherwise.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::MediaCommand;
use support::{Daemon, simulated};

#[tokio::test]
async fn the_loudspeaker_rings_until_it_is_told_to_stop() {
    let mut daemon = Daemon::engine(simulated()).await;
    daemon.send(MediaCommand::SetRinging { on: true }).await;
    let loud = |dbfs: Option<f64>| dbfs.is_some_and(|level| level > -40.0);
    daemon
        .stats_until(|stats| loud(stats.loudspeaker_dbfs))
        .await;
    daemon.send(MediaCommand::SetRinging { on: false }).await;
    daemon
        .stats_until(|stats| stats.loudspeaker_dbfs.is_none())
        .await;
}
