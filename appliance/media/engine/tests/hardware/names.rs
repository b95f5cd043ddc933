//! Devices that are configured and are not there.

use saal_hal::{AudioDevices, Direction};
use saal_hal_linux::AlsaDevices;
use saal_media_protocol::{AudioChoice, DeviceUse, MediaTrouble};

use super::{cameras, support::Daemon, trouble, with_camera};

#[tokio::test]
#[ignore = "needs a camera and a sound card"]
async fn a_wrong_name_lists_what_there_is() {
    let mut wrong = with_camera("Nobody's camera");
    wrong.microphone = AudioChoice::Device("Nobody's microphone".to_owned());
    wrong.loudspeaker = AudioChoice::Device("Nobody's loudspeaker".to_owned());
    let mut room = Daemon::engine(wrong).await;
    let names = |direction| {
        let devices = AlsaDevices.list(direction).unwrap();
        devices.into_iter().map(|d| d.name).collect::<Vec<_>>()
    };
    let cameras: Vec<_> = cameras().into_iter().map(|c| c.name).collect();
    let missing = MediaTrouble::Missing {
        source: DeviceUse::Camera,
        wanted: "Nobody's camera".to_owned(),
        present: cameras,
    };
    assert_eq!(trouble(&mut room, DeviceUse::Camera).await, missing);
    // The room hears and is heard with what it has.
    for (source, wanted, direction) in [
        (
            DeviceUse::Microphone,
            "Nobody's microphone",
            Direction::Capture,
        ),
        (
            DeviceUse::Loudspeaker,
            "Nobody's loudspeaker",
            Direction::Playback,
        ),
    ] {
        let replaced = MediaTrouble::Replaced {
            source,
            wanted: wanted.to_owned(),
            instead: names(direction).remove(0),
        };
        assert_eq!(trouble(&mut room, source).await, replaced);
    }
}
