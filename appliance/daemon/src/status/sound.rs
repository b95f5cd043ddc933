//! The room's sound devices, as they are listed and chosen from elsewhere.

use saal_control::{ErrorCode, Reply, SoundReport};
use saal_core::{Intent, Room, SoundAction};
use saal_media_protocol::SoundUnit;

use super::{Facts, in_call, refuse};

pub(super) fn report(room: &Room) -> SoundReport {
    let [microphone, loudspeaker] = room.sound_devices().unwrap_or_default();
    SoundReport {
        units: room.devices().sound_units.clone(),
        microphone: microphone.to_owned(),
        loudspeaker: loudspeaker.to_owned(),
    }
}

/// `None`: the usual ones again. What can't be done is said here; the room itself would do nothing.
pub(super) fn use_device(device: Option<&str>, facts: &Facts<'_>) -> (Reply, Option<Intent>) {
    let action = match device {
        None => SoundAction::Usual,
        Some(name) => match named(name, facts.room) {
            Some(unit) => SoundAction::Use(unit.clone()),
            None => {
                let message = format!(
                    "no sound device is called \"{name}\"; `saalctl sound list` lists them"
                );
                return refuse(ErrorCode::NotFound, message);
            }
        },
    };
    if facts.room.coming(facts.now).is_some() {
        return (Reply::Done {}, Some(Intent::Sound(action)));
    }
    in_call(facts, Intent::Sound(action))
}

/// The piece of hardware that people call so, else one with such a half.
fn named<'a>(name: &str, room: &'a Room) -> Option<&'a SoundUnit> {
    let units = &room.devices().sound_units;
    let has = |unit: &&SoundUnit| unit.microphone.as_deref() == Some(name);
    let whole = units.iter().find(|unit| unit.name() == name);
    whole.or_else(|| units.iter().find(has))
}

pub(super) fn set_volume(percent: u8) -> (Reply, Option<Intent>) {
    if percent > 100 {
        let message = format!("the volume is 0 to 100 percent, not {percent}");
        return refuse(ErrorCode::Malformed, message);
    }
    let intent = Intent::Sound(SoundAction::Volume(percent));
    (Reply::Done {}, Some(intent))
}
