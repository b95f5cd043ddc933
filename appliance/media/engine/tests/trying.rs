//! People try the room's sound: a tone on the loudspeaker, a meter for the microphone.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::{MediaCommand, MediaEvent, SourceKind, TransportId, TransportRole};
use support::{Daemon, open, publish, simulated};

fn trial(meter: bool, tone: bool) -> MediaCommand {
    MediaCommand::TrySound { meter, tone }
}

#[tokio::test]
async fn the_test_tone_is_played_until_people_have_heard_enough() {
    let mut daemon = Daemon::engine(simulated()).await;
    daemon.send(trial(false, true)).await;
    daemon
        .stats_until(|stats| stats.loudspeaker_dbfs.is_some_and(|level| level > -40.0))
        .await;
    daemon.send(trial(false, false)).await;
    daemon
        .stats_until(|stats| stats.loudspeaker_dbfs.is_none())
        .await;
}

#[tokio::test]
async fn the_meter_tells_how_loud_the_microphone_is_while_people_look() {
    let out = TransportId(1);
    let mut daemon = Daemon::engine(simulated()).await;
    daemon.send(trial(true, false)).await;
    daemon.transport(open(out, TransportRole::Publisher)).await;
    daemon
        .transport(publish(out, "mic", SourceKind::Microphone))
        .await;
    // More often than the figures of each second.
    let mut levels = 0;
    daemon
        .until(|event| match event {
            MediaEvent::MicrophoneLevel { dbfs } => {
                assert!((-40.0..-10.0).contains(dbfs), "{dbfs}");
                levels += 1;
                None
            }
            MediaEvent::Stats(_) if levels >= 5 => Some(()),
            MediaEvent::Stats(_) => {
                levels = 0;
                None
            }
            _ => None,
        })
        .await;
}
