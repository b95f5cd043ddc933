//! The room's devices: opening what the plan asks for, and what is said when one does not work. A call goes on without the device; it is tried again every few seconds.

use std::{collections::BTreeMap, ffi::OsString, time::Instant};

use saal_hal::{AudioDevice, Direction, Volume};
use saal_hal_linux::Priorities;
use saal_media_protocol::{
    AudioChoice, DeviceChoice, DeviceList, DeviceUse, MediaEvent, MediaTrouble,
};

use super::{
    RETRY,
    cameras::{Machine, SharedSounds},
    discovery::{self, SEED, failed, find_sound, name_of_picture, name_of_sound, sound_trouble},
    pictures::Pictures,
    spoken::Spoken,
};
use crate::graph::{Fault, FrameSink, Graph, GraphError, Part, Sound, SoundDevice, SoundSettings};

/// The room's devices as they are now.
pub(super) struct Devices {
    /// Camera and content.
    pub(super) pictures: Pictures,
    sounds: SharedSounds,
    sound: Option<Sound>,
    /// What was said last about devices that do not work.
    pub(super) troubles: BTreeMap<DeviceUse, MediaTrouble>,
    /// When devices that failed are tried again.
    rest_until: BTreeMap<DeviceUse, Instant>,
    present: DeviceList,
    priorities: Priorities,
    nodes: Vec<OsString>,
    /// What the configuration called the devices that are open.
    microphone_is: AudioChoice,
    loudspeaker_is: AudioChoice,
    /// The real loudspeaker that is open.
    loudspeaker: Option<AudioDevice>,
    /// What its volume was set to.
    volume_is: Option<u8>,
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Devices")
            .field("pictures", &self.pictures)
            .field("sound", &self.sound)
            .field("troubles", &self.troubles)
            .finish_non_exhaustive()
    }
}

impl Devices {
    pub(super) fn new(graph: &Graph, machine: Machine) -> Self {
        Self {
            pictures: Pictures::new(graph, machine.cameras),
            sounds: machine.sounds,
            sound: None,
            troubles: BTreeMap::new(),
            rest_until: BTreeMap::new(),
            present: DeviceList::default(),
            priorities: graph.priorities().clone(),
            nodes: Vec::new(),
            microphone_is: AudioChoice::None,
            loudspeaker_is: AudioChoice::None,
            loudspeaker: None,
            volume_is: None,
        }
    }

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
        self.nodes = discovery::nodes();
        self.present = discovery::present(&self.pictures.cameras, &*self.sounds, &self.priorities);
        self.pictures.configure(choice.picture);
        let mut said = vec![MediaEvent::Devices(self.present.clone())];
        said.extend(self.look(choice));
        self.rest_until.clear();
        said
    }

    /// Once a second: what no event tells. Without events of the kernel, what was plugged or pulled too, where a real device
    /// is in use.
    pub(super) fn watch(&mut self, choice: &DeviceChoice, hears_events: bool) -> Vec<MediaEvent> {
        self.pictures.look_around();
        if hears_events || !discovery::any_real(choice) {
            return Vec::new();
        }
        let nodes = discovery::nodes();
        if nodes == self.nodes {
            return Vec::new();
        }
        self.nodes = nodes;
        self.plugged(choice)
    }

    /// Something was plugged in or pulled out.
    pub(super) fn plugged(&mut self, choice: &DeviceChoice) -> Vec<MediaEvent> {
        let mut said = Vec::new();
        let present = discovery::present(&self.pictures.cameras, &*self.sounds, &self.priorities);
        let before = std::mem::replace(&mut self.present, present);
        if before != self.present {
            said.push(MediaEvent::Devices(self.present.clone()));
        }
        // One that could not be opened may have got its rights by now.
        self.rest_until.remove(&DeviceUse::Camera);
        self.rest_until.remove(&DeviceUse::Content);
        said.extend(self.look(choice));
        said
    }

    fn missing(&mut self, choice: &DeviceChoice, source: DeviceUse) -> Option<MediaTrouble> {
        discovery::missing(choice, source, &mut self.pictures.cameras, &*self.sounds)
    }

    /// Says which devices are missing, and which are back.
    fn look(&mut self, choice: &DeviceChoice) -> Vec<MediaEvent> {
        let uses = [
            DeviceUse::Camera,
            DeviceUse::Microphone,
            DeviceUse::Loudspeaker,
            DeviceUse::Content,
        ];
        let mut said = Vec::new();
        for source in uses {
            said.extend(match self.missing(choice, source) {
                Some(trouble) => {
                    // Its own failure may come later, or never.
                    self.pictures.close(source);
                    self.trouble(trouble)
                }
                None => self.found(source),
            });
        }
        said.extend(self.pictures.follow(choice));
        said
    }

    /// Being there again is all that a missing device needs; others have to prove that they work.
    fn found(&mut self, source: DeviceUse) -> Option<MediaEvent> {
        match self.troubles.get(&source) {
            Some(MediaTrouble::Missing { .. }) => {}
            Some(MediaTrouble::Replaced { .. }) => self.close_sound(source),
            _ => return None,
        }
        self.troubles.remove(&source);
        self.rest_until.remove(&source);
        Some(MediaEvent::Recovered { source })
    }

    /// What stood in for a device is let go, so that the device itself is opened next.
    fn close_sound(&mut self, source: DeviceUse) {
        match (source, &mut self.sound) {
            (DeviceUse::Microphone, Some(sound)) => sound.close_microphone(),
            (DeviceUse::Loudspeaker, sound) => *sound = None,
            _ => {}
        }
    }

    /// Sets how loud the loudspeaker is: the device itself where it can, else what is played there.
    pub(super) fn set_volume(&mut self, percent: u8) {
        let Some(sound) = &self.sound else {
            return;
        };
        if self.volume_is == Some(percent) {
            return;
        }
        self.volume_is = Some(percent);
        let volume = Volume::new(percent);
        let by_device = self
            .loudspeaker
            .as_ref()
            .map(|device| self.sounds.set_volume(device, volume));
        let gain = match by_device {
            // Not every control reaches silence.
            Some(Ok(true)) if percent > 0 => 1.0,
            Some(Err(error)) => {
                tracing::warn!(%error, "the volume is set in software");
                volume.gain()
            }
            _ => volume.gain(),
        };
        sound.set_gain(gain);
    }

    /// People try the room's sound.
    pub(super) fn try_sound(&mut self, meter: bool, tone: bool) {
        let Some(sound) = &mut self.sound else {
            return;
        };
        sound.measure_often(meter);
        if let Err(error) = sound.play_notes(tone) {
            tracing::error!(%error, "no test tone");
        }
    }

    /// The panel says something.
    pub(super) fn speak(&mut self, words: &Spoken) {
        let spoken = self.sound.as_mut().map(|sound| {
            let Spoken {
                rate,
                samples,
                interrupts,
            } = words;
            sound.speak(*rate, samples, *interrupts)
        });
        if let Some(Err(error)) = spoken {
            tracing::error!(%error, "the panel does not speak");
        }
    }

    /// It says nothing more for now.
    pub(super) fn end_speech(&mut self) {
        if let Some(sound) = &mut self.sound {
            sound.end_speech();
        }
    }

    /// A presentation ends when its device fails, so that the device can't prove itself again:
    /// the next presentation begins without a past, unless the device is missing.
    pub(super) fn forgive(&mut self, source: DeviceUse) {
        let trouble = self.troubles.get(&source);
        let missing = matches!(trouble, Some(MediaTrouble::Missing { .. }));
        if source == DeviceUse::Content && !missing {
            self.troubles.remove(&source);
            self.rest_until.remove(&source);
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
            processing: choice.sound_processing,
        };
        if self
            .sound
            .as_ref()
            .is_none_or(|sound| *sound.settings() != settings)
        {
            self.sound = None;
            self.volume_is = None;
            match Sound::start(graph, settings) {
                Ok(sound) => self.sound = Some(sound),
                Err(error) => {
                    let name = name_of_sound(&choice.loudspeaker);
                    said.extend(self.refused(DeviceUse::Loudspeaker, name, error.into()));
                }
            }
        }
        said.extend(self.reconcile_microphone(&choice.microphone, microphone));
        said
    }

    /// Without a loudspeaker nobody hears a ring; panel and television show it.
    pub(super) fn ring(&mut self, on: bool) {
        let rings = self.sound.as_mut().map(|sound| sound.ring(on));
        if let Some(Err(error)) = rings {
            tracing::error!(%error, "the room does not ring");
        }
    }

    fn reconcile_microphone(
        &mut self,
        choice: &AudioChoice,
        sink: Option<FrameSink>,
    ) -> Option<MediaEvent> {
        let rests = self.rests(DeviceUse::Microphone);
        let sound = self.sound.as_mut()?;
        if sink.is_none() || self.microphone_is != *choice {
            sound.close_microphone();
        }
        let sink = sink?;
        if sound.microphone().is_some() || rests {
            return None;
        }
        self.microphone_is = choice.clone();
        let opened = find_sound(&*self.sounds, choice, DeviceUse::Microphone)
            .map_err(Refusal::Trouble)
            .and_then(|device| {
                let device = device.unwrap_or(SoundDevice::Simulated);
                Ok(sound.open_microphone(device, sink)?)
            });
        let refusal = opened.err()?;
        self.refused(DeviceUse::Microphone, name_of_sound(choice), refusal)
    }

    /// The loudspeaker to use: while the real one has trouble, one that nobody hears, so that
    /// everything else goes on.
    fn loudspeaker(&mut self, choice: &AudioChoice) -> (SoundDevice, Option<MediaEvent>) {
        let AudioChoice::Device(wanted) = choice else {
            self.loudspeaker = None;
            return (SoundDevice::Simulated, None);
        };
        if self.rests(DeviceUse::Loudspeaker) {
            self.loudspeaker = None;
            return (SoundDevice::Simulated, None);
        }
        let open = self
            .sound
            .as_ref()
            .map(|sound| &sound.settings().loudspeaker);
        if let Some(SoundDevice::Alsa(id)) = open
            && self.loudspeaker_is == *choice
        {
            return (SoundDevice::Alsa(id.clone()), None);
        }
        self.loudspeaker_is = choice.clone();
        let found = discovery::sound_device(&*self.sounds, wanted, Direction::Playback);
        let usable = found.and_then(|(device, _)| self.sounds.check(&device).map(|()| device));
        match usable {
            Ok(device) => {
                let node = device.node.clone();
                self.loudspeaker = Some(device);
                (SoundDevice::Alsa(node), None)
            }
            Err(error) => {
                self.loudspeaker = None;
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
        let in_vain = *part == Part::Camera && self.pictures.sharing.is_tried();
        let (source, wanted) = match part {
            Part::Camera => {
                self.pictures.close(DeviceUse::Camera);
                (DeviceUse::Camera, name_of_picture(&choice.camera))
            }
            Part::Content => {
                self.pictures.close(DeviceUse::Content);
                (DeviceUse::Content, name_of_picture(&choice.content))
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
        // A device that was pulled fails in any way, often before its node is gone.
        if let Some(missing) = self.missing(choice, source) {
            return self.trouble(missing);
        }
        if in_vain && fault == Fault::Other {
            // At once in the way that all cameras do.
            self.pictures.sharing.failed(reason);
            self.rest_until.remove(&source);
            return None;
        }
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
            DeviceUse::Camera | DeviceUse::Content => {
                let cameras = self.present.cameras.iter();
                cameras.map(|camera| camera.name.clone()).collect()
            }
            DeviceUse::Microphone => self.present.microphones.clone(),
            DeviceUse::Loudspeaker => self.present.loudspeakers.clone(),
            DeviceUse::Display | DeviceUse::ContentDisplay => self.present.displays.clone(),
        }
    }

    /// A device works: the proof is a picture or a second of sound.
    pub(super) fn recovered(&mut self, part: &Part) -> Option<MediaEvent> {
        let source = match part {
            Part::Camera => DeviceUse::Camera,
            Part::Content => DeviceUse::Content,
            Part::Microphone => DeviceUse::Microphone,
            Part::Loudspeaker if self.hears_through_device() => DeviceUse::Loudspeaker,
            _ => return None,
        };
        self.pictures.works(source);
        if matches!(
            self.troubles.get(&source),
            // What works is what stands in for it, or shows nothing.
            Some(MediaTrouble::Replaced { .. } | MediaTrouble::Covered { .. })
        ) {
            return None;
        }
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

    /// A device did not open. What GStreamer says of its own accord about one that does not start
    /// tells more than the refusal; it follows as an event.
    pub(super) fn refused(
        &mut self,
        source: DeviceUse,
        device: String,
        refusal: Refusal,
    ) -> Option<MediaEvent> {
        match refusal {
            Refusal::Trouble(trouble) => self.trouble(trouble),
            Refusal::Graph(GraphError::Start { .. }) => {
                self.rest_until.insert(source, Instant::now() + RETRY);
                None
            }
            Refusal::Graph(error) => self.trouble(failed(source, device, &error.to_string())),
        }
    }

    /// Notes a trouble; says it unless exactly this was said before.
    fn trouble(&mut self, trouble: MediaTrouble) -> Option<MediaEvent> {
        let source = trouble.source();
        if matches!(trouble, MediaTrouble::Replaced { .. }) {
            // What stands in for it can be opened now.
            self.rest_until.remove(&source);
        } else {
            self.rest_until.insert(source, Instant::now() + RETRY);
        }
        let before = self.troubles.insert(source, trouble.clone());
        (before.as_ref() != Some(&trouble)).then_some(MediaEvent::Trouble(trouble))
    }

    /// Whether a device failed a moment ago.
    pub(super) fn rests(&self, source: DeviceUse) -> bool {
        self.rest_until
            .get(&source)
            .is_some_and(|until| Instant::now() < *until)
    }
}

/// Why a device did not open.
pub(super) enum Refusal {
    /// It could not be found.
    Trouble(MediaTrouble),
    /// The graph could not be built on it.
    Graph(GraphError),
}

impl From<GraphError> for Refusal {
    fn from(error: GraphError) -> Self {
        Self::Graph(error)
    }
}
