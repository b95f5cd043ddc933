//! Finding the room's devices, and what is said when one can't be found or used.

use saal_hal::{AudioDevice, AudioDevices, AudioError, CameraError, Direction, Displays};
use saal_hal_linux::{DrmDisplays, Priorities};
use saal_media_protocol::{
    AudioChoice, CameraChoice, DeviceChoice, DeviceList, DeviceUse, MediaTrouble, SoundUnit,
};

use super::cameras::KnownCameras;
use crate::{
    graph::{SoundDevice, VideoDevice},
    plan::{self, PictureSize},
};

/// The simulated room's colours and voice.
pub(super) const SEED: u64 = 1;

/// The device nodes there are: cheap to ask for, and different when something is plugged or
/// pulled.
pub(super) fn nodes() -> Vec<std::ffi::OsString> {
    let named = |folder: &str, prefix: &'static str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name());
        names
            .filter(move |name| name.to_string_lossy().starts_with(prefix))
            .collect::<Vec<_>>()
    };
    let mut nodes = named("/dev", "video");
    nodes.extend(named("/dev/snd", "pcm"));
    nodes.sort_unstable();
    nodes
}

/// Why a configured device can't be found; `None` when it is there or simulated.
pub(super) fn missing(
    choice: &DeviceChoice,
    source: DeviceUse,
    cameras: &mut KnownCameras,
    sounds: &dyn AudioDevices,
) -> Option<MediaTrouble> {
    match source {
        DeviceUse::Camera => find_camera(source, &choice.camera, cameras).err(),
        DeviceUse::Content => find_camera(source, &choice.content, cameras).err(),
        DeviceUse::Microphone => missing_sound(sounds, &choice.microphone, source),
        DeviceUse::Loudspeaker => missing_sound(sounds, &choice.loudspeaker, source),
        // `super::display` looks for it.
        DeviceUse::Display | DeviceUse::ContentDisplay => None,
    }
}

fn missing_sound(
    sounds: &dyn AudioDevices,
    choice: &AudioChoice,
    source: DeviceUse,
) -> Option<MediaTrouble> {
    let AudioChoice::Device(wanted) = choice else {
        return None;
    };
    match sound_device(sounds, wanted, direction(source)) {
        Ok((_, None)) => None,
        Ok((instead, Some(wanted))) => Some(MediaTrouble::Replaced {
            source,
            wanted,
            instead: instead.name,
        }),
        Err(error) => Some(sound_trouble(source, error)),
    }
}

/// Whether any of the room's devices is a real one.
pub(super) fn any_real(choice: &DeviceChoice) -> bool {
    matches!(choice.camera, CameraChoice::Device(_))
        || matches!(choice.content, CameraChoice::Device(_))
        || matches!(choice.microphone, AudioChoice::Device(_))
        || matches!(choice.loudspeaker, AudioChoice::Device(_))
}

/// Everything that is connected.
pub(super) fn present(
    cameras: &KnownCameras,
    sounds: &dyn AudioDevices,
    priorities: &Priorities,
) -> DeviceList {
    let displays = DrmDisplays::default().list().unwrap_or_default();
    let sound = |direction| {
        let devices = sounds.list(direction).unwrap_or_default();
        devices.into_iter().map(|device| device.name).collect()
    };
    DeviceList {
        cameras: cameras.present(),
        microphones: sound(Direction::Capture),
        loudspeakers: sound(Direction::Playback),
        displays: displays.into_iter().map(|display| display.name).collect(),
        sound_units: sound_units(sounds),
        sound_priority: Some(priorities.preferred()),
    }
}

fn sound_units(sounds: &dyn AudioDevices) -> Vec<SoundUnit> {
    let list = |direction| sounds.list(direction).unwrap_or_default();
    let mut microphones = list(Direction::Capture);
    let mut units = Vec::new();
    for loudspeaker in list(Direction::Playback) {
        let own = microphones
            .iter()
            .position(|m| m.unit() == loudspeaker.unit());
        let microphone = own.map(|own| microphones.remove(own).name);
        units.push(SoundUnit {
            microphone,
            loudspeaker: Some(loudspeaker.name),
        });
    }
    units.extend(microphones.into_iter().map(|microphone| SoundUnit {
        microphone: Some(microphone.name),
        loudspeaker: None,
    }));
    units
}

/// `None` for one that is simulated or not there on purpose.
pub(super) fn find_camera(
    source: DeviceUse,
    choice: &CameraChoice,
    cameras: &mut KnownCameras,
) -> Result<Option<saal_hal::Camera>, MediaTrouble> {
    match choice {
        CameraChoice::None | CameraChoice::Simulated => Ok(None),
        CameraChoice::Device(wanted) => cameras
            .find(wanted)
            .map(Some)
            .map_err(|error| picture_trouble(source, error)),
    }
}

/// The camera, or what the room presents from, in its best mode for this size.
pub(super) fn picture_device(
    source: DeviceUse,
    camera: Option<&saal_hal::Camera>,
    size: PictureSize,
) -> Result<VideoDevice, MediaTrouble> {
    let Some(camera) = camera else {
        return Ok(match source {
            DeviceUse::Content => VideoDevice::Chart,
            _ => VideoDevice::Simulated { seed: SEED },
        });
    };
    let format = plan::camera_format(&camera.formats, size);
    let format = format.ok_or_else(|| {
        failed(
            source,
            camera.name.clone(),
            "it offers no format that can be used",
        )
    })?;
    // One of saal-hal-sim.
    if camera.node.is_empty() {
        return Ok(VideoDevice::Simulated { seed: SEED });
    }
    Ok(VideoDevice::V4l2 {
        node: camera.node.clone(),
        format,
        shares: false,
    })
}

/// `None` for a device that is simulated or not there on purpose.
pub(super) fn find_sound(
    sounds: &dyn AudioDevices,
    choice: &AudioChoice,
    source: DeviceUse,
) -> Result<Option<SoundDevice>, MediaTrouble> {
    let AudioChoice::Device(wanted) = choice else {
        return Ok(None);
    };
    sound_device(sounds, wanted, direction(source))
        .map(|(device, _)| Some(SoundDevice::Alsa(device.node)))
        .map_err(|e| sound_trouble(source, e))
}

fn direction(source: DeviceUse) -> Direction {
    match source {
        DeviceUse::Loudspeaker => Direction::Playback,
        DeviceUse::Camera
        | DeviceUse::Content
        | DeviceUse::Microphone
        | DeviceUse::Display
        | DeviceUse::ContentDisplay => Direction::Capture,
    }
}

/// The device that is wanted; or, while it is not connected, another one, with the name of what is missing: a
/// meeting goes on with what the room has. Conference equipment comes by USB, so that is preferred.
pub(super) fn sound_device(
    sounds: &dyn AudioDevices,
    wanted: &str,
    direction: Direction,
) -> Result<(AudioDevice, Option<String>), AudioError> {
    let missing = match sounds.find(wanted, direction) {
        Ok(device) => return Ok((device, None)),
        Err(error @ AudioError::NotFound { .. }) => error,
        Err(error) => return Err(error),
    };
    let others = sounds.list(direction)?.into_iter();
    let instead = others.min_by_key(|device| !device.unit().starts_with("usb-"));
    let instead = instead.ok_or(missing)?;
    Ok((instead, Some(wanted.to_owned())))
}

pub(super) fn name_of_picture(choice: &CameraChoice) -> String {
    match choice {
        CameraChoice::Device(name) => name.clone(),
        CameraChoice::Simulated => "simulated picture".to_owned(),
        CameraChoice::None => String::new(),
    }
}

pub(super) fn name_of_sound(choice: &AudioChoice) -> String {
    match choice {
        AudioChoice::Device(name) => name.clone(),
        AudioChoice::Simulated => "simulated sound".to_owned(),
        AudioChoice::None => String::new(),
    }
}

pub(super) fn failed(source: DeviceUse, device: String, reason: &str) -> MediaTrouble {
    MediaTrouble::Failed {
        source,
        device,
        reason: reason.to_owned(),
    }
}

fn picture_trouble(source: DeviceUse, error: CameraError) -> MediaTrouble {
    match error {
        CameraError::NotFound { wanted, present } => MediaTrouble::Missing {
            source,
            wanted,
            present,
        },
        CameraError::Busy { camera } => MediaTrouble::Busy {
            source,
            device: camera,
        },
        CameraError::Device { ref camera, .. } | CameraError::NoControl { ref camera, .. } => {
            failed(source, camera.clone(), &error.to_string())
        }
    }
}

pub(super) fn sound_trouble(source: DeviceUse, error: AudioError) -> MediaTrouble {
    match error {
        AudioError::NotFound { wanted, present } => MediaTrouble::Missing {
            source,
            wanted,
            present,
        },
        AudioError::Busy { device } => MediaTrouble::Busy { source, device },
        AudioError::Device { ref device, .. } => failed(source, device.clone(), &error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_somebody_else_uses_is_called_busy_by_its_name() {
        let camera = "Rally".to_owned();
        let trouble = picture_trouble(DeviceUse::Camera, CameraError::Busy { camera });
        let expected = MediaTrouble::Busy {
            source: DeviceUse::Camera,
            device: "Rally".to_owned(),
        };
        assert_eq!(trouble, expected);
        let device = "Jabra".to_owned();
        let trouble = sound_trouble(DeviceUse::Microphone, AudioError::Busy { device });
        assert!(
            matches!(trouble, MediaTrouble::Busy { source: DeviceUse::Microphone, ref device } if device == "Jabra"),
            "{trouble:?}"
        );
    }
}
