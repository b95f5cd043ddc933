//! The room's devices: finding them, opening what the plan asks for, and what is said when one
//! does not work. A call goes on without the device; it is tried again every few seconds.

use std::{collections::BTreeMap, time::Instant};

use saal_hal::{AudioDevices, AudioError, CameraError, Cameras, Direction};
use saal_hal_linux::{AlsaDevices, V4l2Cameras};
use saal_media_protocol::{
    AudioChoice, CameraChoice, DeviceChoice, DeviceList, DeviceUse, MediaEvent, MediaTrouble,
};

use super::RETRY;
use crate::{
    graph::{
        CameraSource, Fault, FrameSink, Graph, Part, PictureSink, Sound, SoundDevice,
        SoundSettings, VideoDevice,
    },
    plan::{self, CameraPlan, PictureSize},
};

/// The simulated room's colours and voice.
const SEED: u64 = 1;

/// The room's devices as they are now.
#[derive(Debug, Default)]
pub(super) struct Devices {
    camera: Option<(CameraPlan, CameraSource)>,
    sound: Option<Sound>,
    troubles: BTreeMap<DeviceUse, Trouble>,
    present: DeviceList,
}

/// A device that does not work, and when it is tried next.
#[derive(Debug)]
struct Trouble {
    said: MediaTrouble,
    retry_at: Instant,
}

impl Devices {
    pub(super) fn sound(&mut self) -> Option<&mut Sound> {
        self.sound.as_mut()
    }

    pub(super) fn sound_is_open(&self) -> bool {
        self.sound.is_some()
    }

    pub(super) fn microphone_is_open(&self) -> bool {
        self.sound
            .as_ref()
            .is_some_and(|sound| sound.microphone().is_some())
    }

    /// Looks for what is configured, so that a wrong name is known before the first call.
    pub(super) fn configure(&mut self, choice: &DeviceChoice) -> Vec<MediaEvent> {
        self.troubles.clear();
        self.present = present();
        let mut said = vec![MediaEvent::Devices(self.present.clone())];
        let missing = [
            find_camera_node(&choice.camera).err(),
            find_sound(&choice.microphone, DeviceUse::Microphone).err(),
            find_sound(&choice.loudspeaker, DeviceUse::Loudspeaker).err(),
        ];
        for trouble in missing.into_iter().flatten() {
            said.extend(self.trouble(trouble));
        }
        said
    }

    /// Once a second: what was plugged or pulled since, where a real device is in use.
    pub(super) fn watch(&mut self, choice: &DeviceChoice) -> Vec<MediaEvent> {
        let real = matches!(choice.camera, CameraChoice::Device(_))
            || matches!(choice.microphone, AudioChoice::Device(_))
            || matches!(choice.loudspeaker, AudioChoice::Device(_));
        if !real || self.troubles.values().all(|t| t.retry_at > Instant::now()) {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.present, present());
        if before == self.present {
            return Vec::new();
        }
        vec![MediaEvent::Devices(self.present.clone())]
    }

    /// Opens, changes or closes the camera.
    pub(super) fn reconcile_camera(
        &mut self,
        wanted: &CameraPlan,
        graph: &Graph,
        sink: impl FnOnce() -> PictureSink,
    ) -> Option<MediaEvent> {
        let CameraPlan::Open { choice, size } = wanted else {
            self.camera = None;
            return None;
        };
        if self.camera.as_ref().is_some_and(|(plan, _)| plan == wanted)
            || self.rests(DeviceUse::Camera)
        {
            return None;
        }
        // Closed first: the same device can't be opened twice.
        self.camera = None;
        let opened = find_camera(choice, *size).and_then(|device| {
            CameraSource::open(graph, &device, *size, sink()).map_err(|error| {
                failed(
                    DeviceUse::Camera,
                    name_of_camera(choice),
                    &error.to_string(),
                )
            })
        });
        match opened {
            Ok(camera) => {
                self.camera = Some((wanted.clone(), camera));
                None
            }
            Err(trouble) => self.trouble(trouble),
        }
    }

    /// Opens, changes or closes loudspeaker and microphone. `microphone` is where its sound goes,
    /// if it is to be open; `listening` is whether anybody may be heard.
    pub(super) fn reconcile_sound(
        &mut self,
        choice: &DeviceChoice,
        microphone: Option<FrameSink>,
        listening: bool,
        graph: &Graph,
    ) -> Vec<MediaEvent> {
        if microphone.is_none() && !listening {
            self.sound = None;
            return Vec::new();
        }
        let mut said = Vec::new();
        let (loudspeaker, trouble) = self.loudspeaker(&choice.loudspeaker);
        said.extend(trouble);
        let settings = SoundSettings {
            loudspeaker,
            seed: SEED,
        };
        if self
            .sound
            .as_ref()
            .is_none_or(|sound| *sound.settings() != settings)
        {
            self.sound = None;
            match Sound::start(graph, settings) {
                Ok(sound) => self.sound = Some(sound),
                Err(error) => {
                    let name = name_of_sound(&choice.loudspeaker);
                    let trouble = failed(DeviceUse::Loudspeaker, name, &error.to_string());
                    said.extend(self.trouble(trouble));
                }
            }
        }
        said.extend(self.reconcile_microphone(&choice.microphone, microphone));
        said
    }

    fn reconcile_microphone(
        &mut self,
        choice: &AudioChoice,
        sink: Option<FrameSink>,
    ) -> Option<MediaEvent> {
        let rests = self.rests(DeviceUse::Microphone);
        let sound = self.sound.as_mut()?;
        let Some(sink) = sink else {
            sound.close_microphone();
            return None;
        };
        if sound.microphone().is_some() || rests {
            return None;
        }
        let opened = find_sound(choice, DeviceUse::Microphone).and_then(|device| {
            let device = device.unwrap_or(SoundDevice::Simulated);
            sound.open_microphone(device, sink).map_err(|error| {
                failed(
                    DeviceUse::Microphone,
                    name_of_sound(choice),
                    &error.to_string(),
                )
            })
        });
        opened.err().and_then(|trouble| self.trouble(trouble))
    }

    /// The loudspeaker to use: while the real one has trouble, one that nobody hears, so that
    /// everything else goes on.
    fn loudspeaker(&mut self, choice: &AudioChoice) -> (SoundDevice, Option<MediaEvent>) {
        let AudioChoice::Device(wanted) = choice else {
            return (SoundDevice::Simulated, None);
        };
        if self.rests(DeviceUse::Loudspeaker) {
            return (SoundDevice::Simulated, None);
        }
        if let Some(SoundDevice::Alsa(id)) = self.sound.as_ref().map(|s| &s.settings().loudspeaker)
        {
            return (SoundDevice::Alsa(id.clone()), None);
        }
        let found = AlsaDevices.find(wanted, Direction::Playback);
        let usable = found.and_then(|device| AlsaDevices.check(&device).map(|()| device));
        match usable {
            Ok(device) => (SoundDevice::Alsa(device.id), None),
            Err(error) => {
                let trouble = sound_trouble(DeviceUse::Loudspeaker, error);
                (SoundDevice::Simulated, self.trouble(trouble))
            }
        }
    }

    /// Takes down what failed; it is tried again after a while.
    pub(super) fn failed(
        &mut self,
        part: &Part,
        fault: Fault,
        reason: &str,
        choice: &DeviceChoice,
    ) -> Option<MediaEvent> {
        let (source, wanted) = match part {
            Part::Camera => {
                self.camera = None;
                (DeviceUse::Camera, name_of_camera(&choice.camera))
            }
            Part::Microphone => {
                if let Some(sound) = &mut self.sound {
                    sound.close_microphone();
                }
                (DeviceUse::Microphone, name_of_sound(&choice.microphone))
            }
            _ => {
                self.sound = None;
                (DeviceUse::Loudspeaker, name_of_sound(&choice.loudspeaker))
            }
        };
        self.trouble(match fault {
            Fault::Busy => MediaTrouble::Busy {
                source,
                device: wanted,
            },
            Fault::Gone => MediaTrouble::Missing {
                source,
                wanted,
                present: self.names(source),
            },
            Fault::Other => failed(source, wanted, reason),
        })
    }

    fn names(&self, source: DeviceUse) -> Vec<String> {
        match source {
            DeviceUse::Camera => self.present.cameras.clone(),
            DeviceUse::Microphone => self.present.microphones.clone(),
            DeviceUse::Loudspeaker => self.present.loudspeakers.clone(),
        }
    }

    /// A device works: the proof is a picture or a second of sound.
    pub(super) fn recovered(&mut self, part: &Part) -> Option<MediaEvent> {
        let source = match part {
            Part::Camera => DeviceUse::Camera,
            Part::Microphone => DeviceUse::Microphone,
            Part::Loudspeaker if self.hears_through_device() => DeviceUse::Loudspeaker,
            _ => return None,
        };
        self.troubles
            .remove(&source)
            .map(|_| MediaEvent::Recovered { source })
    }

    fn hears_through_device(&self) -> bool {
        let device = self
            .sound
            .as_ref()
            .map(|sound| &sound.settings().loudspeaker);
        device.is_some_and(|device| *device != SoundDevice::Simulated)
    }

    /// Notes a trouble; says it unless exactly this was said before.
    fn trouble(&mut self, trouble: MediaTrouble) -> Option<MediaEvent> {
        let retry_at = Instant::now() + RETRY;
        let noted = Trouble {
            said: trouble.clone(),
            retry_at,
        };
        let before = self.troubles.insert(trouble.source(), noted);
        let news = before.is_none_or(|before| before.said != trouble);
        news.then_some(MediaEvent::Trouble(trouble))
    }

    /// Whether a device failed a moment ago.
    fn rests(&self, source: DeviceUse) -> bool {
        self.troubles
            .get(&source)
            .is_some_and(|trouble| Instant::now() < trouble.retry_at)
    }
}

/// Everything that is connected.
fn present() -> DeviceList {
    let cameras = V4l2Cameras.list().unwrap_or_default();
    let sound = |direction| {
        let devices = AlsaDevices.list(direction).unwrap_or_default();
        devices.into_iter().map(|device| device.name).collect()
    };
    DeviceList {
        cameras: cameras.into_iter().map(|camera| camera.name).collect(),
        microphones: sound(Direction::Capture),
        loudspeakers: sound(Direction::Playback),
    }
}

fn find_camera_node(choice: &CameraChoice) -> Result<Option<saal_hal::Camera>, MediaTrouble> {
    match choice {
        CameraChoice::None | CameraChoice::Simulated => Ok(None),
        CameraChoice::Device(wanted) => V4l2Cameras.find(wanted).map(Some).map_err(camera_trouble),
    }
}

fn find_camera(choice: &CameraChoice, size: PictureSize) -> Result<VideoDevice, MediaTrouble> {
    let Some(camera) = find_camera_node(choice)? else {
        return Ok(VideoDevice::Simulated { seed: SEED });
    };
    let format = plan::camera_format(&camera.formats, size);
    let format = format.ok_or_else(|| {
        failed(
            DeviceUse::Camera,
            camera.name.clone(),
            "it offers no format that can be used",
        )
    })?;
    Ok(VideoDevice::V4l2 {
        node: camera.node,
        format,
    })
}

/// `None` for a device that is simulated or not there on purpose.
fn find_sound(
    choice: &AudioChoice,
    source: DeviceUse,
) -> Result<Option<SoundDevice>, MediaTrouble> {
    let AudioChoice::Device(wanted) = choice else {
        return Ok(None);
    };
    let direction = match source {
        DeviceUse::Loudspeaker => Direction::Playback,
        DeviceUse::Camera | DeviceUse::Microphone => Direction::Capture,
    };
    let found = AlsaDevices.find(wanted, direction);
    found
        .map(|device| Some(SoundDevice::Alsa(device.id)))
        .map_err(|e| sound_trouble(source, e))
}

fn name_of_camera(choice: &CameraChoice) -> String {
    match choice {
        CameraChoice::Device(name) => name.clone(),
        CameraChoice::Simulated => "simulated camera".to_owned(),
        CameraChoice::None => String::new(),
    }
}

fn name_of_sound(choice: &AudioChoice) -> String {
    match choice {
        AudioChoice::Device(name) => name.clone(),
        AudioChoice::Simulated => "simulated sound".to_owned(),
        AudioChoice::None => String::new(),
    }
}

fn failed(source: DeviceUse, device: String, reason: &str) -> MediaTrouble {
    MediaTrouble::Failed {
        source,
        device,
        reason: reason.to_owned(),
    }
}

fn camera_trouble(error: CameraError) -> MediaTrouble {
    let source = DeviceUse::Camera;
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
        CameraError::Device { ref camera, .. } => {
            failed(source, camera.clone(), &error.to_string())
        }
    }
}

fn sound_trouble(source: DeviceUse, error: AudioError) -> MediaTrouble {
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
