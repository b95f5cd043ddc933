//! Displays that show what is composed, and those that are not there.

use saal_hal::{DisplayError, Displays};
use saal_hal_linux::DrmDisplays;
use saal_media_protocol::{
    DeviceChoice, DeviceUse, DisplayChoice, MediaCommand, MediaEvent, MediaTrouble, Rect, Tile,
    TileSource,
};

use super::{
    SMALL,
    support::{Daemon, simulated, start_process},
    trouble,
};

/// What the test's host saw on the display is told by this file.
fn seen() -> std::path::PathBuf {
    std::env::var_os("SAAL_SEEN").map_or_else(|| "/run/exchange/seen".into(), Into::into)
}

#[tokio::test]
#[ignore = "needs two displays"]
async fn displays_show_what_is_composed_and_are_given_back() {
    let displays = DrmDisplays::default();
    let both = displays.list().unwrap();
    let (_engine, mut daemon) = start_process();
    daemon.greet(simulated()).await;
    let devices = DeviceChoice {
        display: DisplayChoice::First,
        content_display: DisplayChoice::First,
        ..simulated()
    };
    daemon.send(television(devices)).await;
    content_display(&mut daemon, true).await;
    let tile = Tile {
        source: TileSource::Own,
        rect: Rect {
            x: 0,
            y: 0,
            width: 640,
            height: 360,
        },
    };
    let tiles = vec![tile];
    daemon
        .send(MediaCommand::SetContentTiles {
            tiles: tiles.clone(),
        })
        .await;
    daemon.send(MediaCommand::SetTiles { tiles }).await;
    // Whoever looks from outside says so.
    daemon.stats_until(|_| seen().exists()).await;
    for display in &both {
        let busy = DisplayError::Busy {
            display: display.name.clone(),
        };
        assert_eq!(displays.check(display), Err(busy), "the engine has it");
    }
    daemon.send(television(simulated())).await;
    content_display(&mut daemon, false).await;
    daemon
        .stats_until(|_| both.iter().all(|display| displays.check(display).is_ok()))
        .await;
}

async fn content_display(daemon: &mut Daemon, shows: bool) {
    let wanted = MediaEvent::ContentDisplay { shows };
    daemon.until(|event| (*event == wanted).then_some(())).await;
}

fn television(devices: DeviceChoice) -> MediaCommand {
    MediaCommand::Configure {
        devices,
        television: SMALL,
    }
}

#[tokio::test]
#[ignore = "needs a machine with displays, or none"]
async fn a_display_that_is_not_there_is_named() {
    let mut daemon = Daemon::engine(DeviceChoice {
        display: DisplayChoice::Device("Beamer".to_owned()),
        ..simulated()
    })
    .await;
    let trouble = trouble(&mut daemon, DeviceUse::Display).await;
    let MediaTrouble::Missing {
        wanted, present, ..
    } = trouble
    else {
        panic!("{trouble:?}");
    };
    assert_eq!(wanted, "Beamer");
    assert_eq!(present.len(), DrmDisplays::default().list().unwrap().len());
}
