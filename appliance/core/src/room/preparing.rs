//! What people choose for the meeting that comes, where its camera fails before it: another camera, or no picture.

use jiff::{SignedDuration, Timestamp};
use saal_media_protocol::{DeviceUse, PictureDevice};
use saal_meeting::{Destination, Meeting, MeetingId};

use super::{Room, another::time_of};
use crate::{DayNotice, Effect, EngineState, Now, Part, Phase, Trouble, TroubleCode, day::title};

/// Chosen for one meeting; holds until that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preparation {
    /// Which.
    pub meeting: MeetingId,
    /// Instead of the usual one, by identity or name.
    pub camera: Option<String>,
    /// Nobody sees the room.
    pub unseen: bool,
}

impl Preparation {
    fn is_empty(&self) -> bool {
        self.camera.is_none() && !self.unseen
    }
}

/// What people can do about a camera that fails before a meeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CameraRemedies {
    /// Take this one.
    pub other: Option<PictureDevice>,
    /// Take part without being seen.
    pub without: bool,
}

impl Room {
    /// The meeting that people can choose a camera for: the next that begins soon, else one that has begun without them.
    #[must_use]
    pub fn coming(&self, now: Now) -> Option<&Meeting> {
        let leads_in = |meeting: &&Meeting| {
            let nowhere = matches!(meeting.destination, Destination::Nowhere { .. });
            !nowhere && !meeting.destination.is_audio_only()
        };
        let next = self.expected(now).or_else(|| self.holder(now));
        next.filter(leads_in).filter(|_| self.phase == Phase::Home)
    }

    /// What can be done now about the camera of the meeting that comes; nothing where it does its work.
    #[must_use]
    pub fn camera_remedies(&self, now: Now) -> CameraRemedies {
        let coming = self.coming(now).map(|meeting| &meeting.id);
        let fails = self.troubles.get(TroubleCode::NotReady(Part::Camera));
        let fails = fails.or_else(|| self.troubles.get(TroubleCode::Device(DeviceUse::Camera)));
        let unseen = coming.is_some_and(|id| self.goes_unseen(id));
        if coming.is_none() || unseen || !fails.is_some_and(Trouble::is_about_camera) {
            return CameraRemedies::default();
        }
        CameraRemedies {
            other: self.other_camera().cloned(),
            without: true,
        }
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

    /// The camera of the meeting that the room is in, or that comes, where people chose one.
    pub(super) fn prepared_camera(&self) -> Option<String> {
        let here = self.phase.meeting().map(|meeting| &meeting.id);
        let prepared = self.prepared.as_ref()?;
        let counts = here.is_none_or(|here| *here == prepared.meeting);
        prepared.camera.clone().filter(|_| counts)
    }

    /// Another camera, or again the usual one: for this call, or for the meeting that comes.
    pub(super) fn use_camera(&mut self, now: Now, camera: Option<String>) {
        if self.phase.call().is_some() {
            self.chosen_camera.clone_from(&camera);
        }
        let changed = self.prepare(now, |prepared| {
            prepared.camera = camera;
            prepared.unseen = false;
        });
        if self.phase.call().is_some() {
            self.follow_camera_choice();
            self.effect(Effect::Redraw);
        } else if changed {
            self.try_other_camera(now);
        }
    }

    /// Whether others are to see the room in the meeting that comes.
    pub(super) fn prepare_unseen(&mut self, now: Now, unseen: bool) {
        self.prepare(now, |prepared| prepared.unseen = unseen);
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
    fn prepare(&mut self, now: Now, change: impl FnOnce(&mut Preparation)) -> bool {
        let coming = self.coming(now).map(|meeting| meeting.id.clone());
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
    fn try_other_camera(&mut self, now: Now) {
        self.follow_camera_choice();
        self.forget_camera_finding();
        let able = self.engine.state() == EngineState::Ready;
        let place = self.coming(now).map(|meeting| meeting.destination.clone());
        if able && self.tries_devices() {
            self.try_camera_again();
        } else if able && !self.is_trying() {
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
            self.follow_camera_choice();
            self.effect(Effect::Redraw);
        }
    }

    /// What people chose for a meeting that comes, while they are not in it.
    pub(super) fn prepared_notice(&self) -> Option<DayNotice> {
        let prepared = self.prepared.as_ref()?;
        let meeting = self.meeting(&prepared.meeting)?;
        let (id, title) = (meeting.id.clone(), title(meeting));
        if prepared.unseen {
            return Some(DayNotice::WithoutPicture { meeting: id, title });
        }
        let chosen = prepared.camera.as_ref()?;
        let mut known = self.cameras();
        let known = known.find(|camera| camera.id == *chosen);
        Some(DayNotice::OtherCamera {
            meeting: id,
            title,
            camera: known.map_or_else(|| chosen.clone(), |camera| camera.name.clone()),
        })
    }
}
