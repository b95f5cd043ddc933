//! What people choose for the meeting that comes, where camera or sound fail before it: another device, or no picture.

use jiff::{SignedDuration, Timestamp};
use saal_media_protocol::{DeviceUse, PictureDevice, SoundUnit};
use saal_meeting::{Destination, Meeting, MeetingId};

use super::{Room, another::time_of};
use crate::{DayNotice, Effect, EngineState, Now, Part, Phase, TroubleCode, day::title};

/// Chosen for one meeting; holds until that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preparation {
    /// Which.
    pub meeting: MeetingId,
    /// Instead of the usual one, by identity or name.
    pub camera: Option<String>,
    /// Nobody sees the room.
    pub unseen: bool,
    /// Microphone and loudspeaker instead of the usual ones, by name.
    pub sound: SoundUnit,
}

impl Preparation {
    fn is_empty(&self) -> bool {
        self.camera.is_none() && !self.unseen && self.sound == SoundUnit::default()
    }
}

/// What people can do about devices that fail before a meeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remedies {
    /// Take this camera.
    pub camera: Option<PictureDevice>,
    /// Take part without being seen.
    pub without_picture: bool,
    /// Take this microphone, with its loudspeaker where it has one.
    pub microphone: Option<SoundUnit>,
    /// Take this loudspeaker, with its microphone where it has one.
    pub loudspeaker: Option<SoundUnit>,
}

impl Room {
    /// The meeting that people can choose devices for: the next that begins soon, else one that has begun without them.
    #[must_use]
    pub fn coming(&self, now: Now) -> Option<&Meeting> {
        let leads_in =
            |meeting: &&Meeting| !matches!(meeting.destination, Destination::Nowhere { .. });
        let next = self.expected(now).or_else(|| self.holder(now));
        next.filter(leads_in).filter(|_| self.phase == Phase::Home)
    }

    /// The same where it has pictures: people can choose a camera for it.
    #[must_use]
    pub fn coming_with_picture(&self, now: Now) -> Option<&Meeting> {
        self.coming(now)
            .filter(|meeting| !meeting.destination.is_audio_only())
    }

    /// What can be done now about devices of the meeting that comes; nothing where they do their work.
    #[must_use]
    pub fn remedies(&self, now: Now) -> Remedies {
        let seen = self.coming_with_picture(now);
        let seen = seen.is_some_and(|meeting| !self.goes_unseen(&meeting.id));
        let camera = seen && self.fails(DeviceUse::Camera);
        let other = |device| {
            let wanted = self.coming(now).is_some() && self.fails(device);
            wanted.then(|| self.other_unit(device).cloned()).flatten()
        };
        let microphone = other(DeviceUse::Microphone);
        Remedies {
            camera: camera.then(|| self.other_camera().cloned()).flatten(),
            without_picture: camera,
            // Where one is both, one button is enough.
            loudspeaker: other(DeviceUse::Loudspeaker)
                .filter(|unit| microphone.as_ref() != Some(unit)),
            microphone,
        }
    }

    /// Something is known to keep it from its work, and nothing else does it.
    fn fails(&self, device: DeviceUse) -> bool {
        let part = match device {
            DeviceUse::Camera => Some(Part::Camera),
            DeviceUse::Microphone => Some(Part::Microphone),
            _ => None,
        };
        let found = part.and_then(|part| self.troubles.get(TroubleCode::NotReady(part)));
        let told = found.or_else(|| self.troubles.get(TroubleCode::Device(device)));
        told.is_some_and(|trouble| trouble.is_about(device))
    }

    /// What people chose for a meeting before it, until it is over.
    #[must_use]
    pub fn preparation(&self) -> Option<&Preparation> {
        self.prepared.as_ref()
    }

    /// The one after the camera in use, so that a touch on each goes through all.
    fn other_camera(&self) -> Option<&PictureDevice> {
        let all: Vec<&PictureDevice> = self.cameras().collect();
        let choice = self.camera_choice();
        let choice = choice.as_ref().map(|device| device.as_str());
        let chosen =
            |d: &PictureDevice| Some(d.id.as_str()) == choice || Some(d.name.as_str()) == choice;
        let open = |d: &PictureDevice| self.camera.as_ref().is_some_and(|c| c.id == d.id);
        let used = all.iter().position(|d| chosen(d));
        let used = used.or_else(|| all.iter().position(|d| open(d)));
        let next = used.map_or(0, |used| (used + 1) % all.len());
        all.get(next).copied().filter(|_| Some(next) != used)
    }

    /// People chose not to be seen in this meeting.
    pub(super) fn goes_unseen(&self, id: &MeetingId) -> bool {
        let prepared = self.prepared.as_ref();
        prepared.is_some_and(|p| p.meeting == *id && p.unseen)
    }

    /// What people chose for the meeting that the room is in, or that comes.
    pub(super) fn prepared_here(&self) -> Option<&Preparation> {
        let here = self.phase.meeting().map(|meeting| &meeting.id);
        let prepared = self.prepared.as_ref();
        prepared.filter(|prepared| here.is_none_or(|here| *here == prepared.meeting))
    }

    /// Another camera, or again the usual one: for this call, or for the meeting that comes.
    pub(super) fn use_camera(&mut self, now: Now, camera: Option<String>) {
        if self.phase.call().is_some() {
            self.chosen_camera.clone_from(&camera);
        }
        let coming = self
            .coming_with_picture(now)
            .map(|meeting| meeting.id.clone());
        let changed = self.prepare(coming, |prepared| {
            prepared.camera = camera;
            prepared.unseen = false;
        });
        if self.phase.call().is_some() {
            self.follow_device_choice();
            self.effect(Effect::Redraw);
        } else if changed {
            self.try_other(now, Part::Camera);
        }
    }

    /// Whether others are to see the room in the meeting that comes.
    pub(super) fn prepare_unseen(&mut self, now: Now, unseen: bool) {
        let coming = self
            .coming_with_picture(now)
            .map(|meeting| meeting.id.clone());
        self.prepare(coming, |prepared| prepared.unseen = unseen);
    }

    /// Another microphone or loudspeaker for the meeting that comes, or `None`: again the usual ones.
    pub(super) fn prepare_sound(&mut self, now: Now, unit: Option<SoundUnit>) {
        let coming = self.coming(now).map(|meeting| meeting.id.clone());
        let changed = self.prepare(coming, |prepared| {
            let before = std::mem::take(&mut prepared.sound);
            if let Some(unit) = unit {
                prepared.sound = SoundUnit {
                    microphone: unit.microphone.or(before.microphone),
                    loudspeaker: unit.loudspeaker.or(before.loudspeaker),
                };
            }
        });
        if changed {
            self.try_other(now, Part::Microphone);
        }
    }

    /// People chose others in the meeting itself.
    pub(super) fn forget_prepared_sound(&mut self) {
        self.prepare(None, |prepared| prepared.sound = SoundUnit::default());
    }

    /// People turned the camera on in the meeting for which they had chosen otherwise.
    pub(super) fn is_seen_after_all(&mut self) {
        let here = self.phase.meeting().map(|meeting| &meeting.id);
        if let Some(prepared) = &mut self.prepared
            && here == Some(&prepared.meeting)
        {
            prepared.unseen = false;
            self.prepared.take_if(|prepared| prepared.is_empty());
        }
    }

    /// Changes what is chosen for the meeting that the room is in, or that comes; true where something is another way now.
    fn prepare(
        &mut self,
        coming: Option<MeetingId>,
        change: impl FnOnce(&mut Preparation),
    ) -> bool {
        let here = self.phase.meeting().map(|meeting| meeting.id.clone());
        // In a meeting only what was chosen for it before is worth keeping.
        let kept = self.prepared.as_ref().map(|prepared| &prepared.meeting);
        let Some(meeting) = here.filter(|here| kept == Some(here)).or(coming) else {
            return false;
        };
        let before = self.prepared.take();
        let mut after = before.clone().filter(|p| p.meeting == meeting);
        let prepared = after.get_or_insert(Preparation {
            meeting,
            camera: None,
            unseen: false,
            sound: SoundUnit::default(),
        });
        change(prepared);
        self.prepared = after.filter(|prepared| !prepared.is_empty());
        let changed = self.prepared != before;
        if changed {
            self.effect(Effect::Redraw);
        }
        changed
    }

    /// What was found out about the one before is of no use.
    fn try_other(&mut self, now: Now, part: Part) {
        self.follow_device_choice();
        self.is_another(part);
        let able = self.engine.state() == EngineState::Ready;
        let place = self.coming(now).map(|meeting| meeting.destination.clone());
        if able && !self.is_trying() {
            self.try_room(now, place);
        }
        self.effect(Effect::Redraw);
    }

    /// Forgets what was chosen for a meeting that is over, gone or put off.
    pub(super) fn follow_preparation(&mut self, now: Now) {
        let Some(prepared) = &self.prepared else {
            return;
        };
        let here = self.phase.meeting().map(|meeting| &meeting.id);
        let ahead = self.tried_ahead().max(self.join_before());
        let ahead = SignedDuration::try_from(ahead).unwrap_or(SignedDuration::MAX);
        let near = |(from, until): (Timestamp, Timestamp)| {
            from.duration_since(now.wall) <= ahead && until > now.wall
        };
        let is_near = self
            .meeting(&prepared.meeting)
            .and_then(time_of)
            .is_some_and(near);
        if here != Some(&prepared.meeting) && !is_near {
            self.prepared = None;
            self.follow_device_choice();
            self.effect(Effect::Redraw);
        }
    }

    /// What people chose for a meeting that comes, while they are not in it.
    pub(super) fn prepared_notices(&self) -> Vec<DayNotice> {
        let Some(prepared) = &self.prepared else {
            return Vec::new();
        };
        let Some(meeting) = self.meeting(&prepared.meeting) else {
            return Vec::new();
        };
        let (id, title) = (meeting.id.clone(), title(meeting));
        let sound = (prepared.sound != SoundUnit::default()).then(|| DayNotice::OtherSound {
            meeting: id.clone(),
            title: title.clone(),
            unit: prepared.sound.clone(),
        });
        let camera = || {
            let chosen = prepared.camera.as_ref()?;
            let mut known = self.cameras();
            let known = known.find(|camera| camera.id == *chosen);
            Some(DayNotice::OtherCamera {
                meeting: id.clone(),
                title: title.clone(),
                camera: known.map_or_else(|| chosen.clone(), |camera| camera.name.clone()),
            })
        };
        let unseen = prepared.unseen.then(|| DayNotice::WithoutPicture {
            meeting: id.clone(),
            title: title.clone(),
        });
        unseen.or_else(camera).into_iter().chain(sound).collect()
    }
}
