//! The room's camera: which one, where it looks, and the views that people come back to.

use std::time::Duration;

use saal_fleet_protocol::config::Device;
use saal_media_protocol::{
    CameraAction, CameraState, CameraView, MediaCommand, PictureDevice, PictureKind, Preset, Rect,
    Tile, TileSource,
};
use saal_meeting::{LinkTarget, MeetingAction, MeetingLink};

use super::{Room, call::leads_to};
use crate::{Effect, Now, layout::even};

/// Views of one camera: as many as are told apart by a touch.
pub(crate) const MOST_PRESETS: usize = 6;
/// So long after the last touch people see where the camera looks.
const AIMING: Duration = Duration::from_secs(8);
/// Characters of a view's name.
const NAME: usize = 40;

impl Room {
    pub(super) fn on_camera(&mut self, now: Now, action: CameraAction) {
        match action {
            CameraAction::Look { view } => self.look(now, view),
            CameraAction::Set { control, value } => {
                self.effect(Effect::Media(MediaCommand::SetControl { control, value }));
            }
            CameraAction::Use { camera } => self.use_camera(now, Some(camera)),
            CameraAction::Usual {} => self.use_camera(now, None),
            CameraAction::Go { preset } => {
                let found = self.presets().find(|p| p.name == preset);
                if let Some(view) = found.map(|p| p.view) {
                    self.look(now, view);
                }
            }
            CameraAction::Save { preset } => self.save_preset(&preset),
            CameraAction::Forget { preset } => {
                let Some(id) = self.camera.as_ref().map(|c| c.id.clone()) else {
                    return;
                };
                let before = self.all_presets.len();
                self.all_presets
                    .retain(|p| p.name != preset || !p.is_of(&id));
                if self.all_presets.len() != before {
                    self.keep_presets();
                }
            }
        }
    }

    /// Where it will look is known at once: people touch again before it has moved.
    fn look(&mut self, now: Now, view: CameraView) {
        let Some(camera) = &mut self.camera else {
            return;
        };
        let view = view.within();
        camera.view = view;
        self.effect(Effect::Media(MediaCommand::Look { view }));
        self.aiming_until = Some(now.mono + AIMING);
        self.send_tiles();
        self.effect(Effect::Redraw);
    }

    /// Who has aimed the camera and let it be sees the others alone again.
    pub(super) fn forget_aiming(&mut self, now: Now) {
        if self.aiming_until.is_some_and(|until| until <= now.mono) {
            self.aiming_until = None;
            self.send_tiles();
        }
    }

    /// The room's own picture in the corner, while people aim the camera and it is nowhere else.
    pub(super) fn show_own(&self, tiles: &mut Vec<Tile>, width: u32, height: u32) {
        let shown = tiles.iter().any(|tile| tile.source == TileSource::Own);
        if shown || self.aiming_until.is_none() {
            return;
        }
        let (own_width, own_height) = (even(width * 3 / 10), even(height * 3 / 10));
        let place = |length: u32| i32::try_from(length).unwrap_or(0);
        tiles.push(Tile {
            source: TileSource::Own,
            rect: Rect {
                x: place(width - own_width),
                y: place(height - own_height),
                width: own_width,
                height: own_height,
            },
        });
    }

    fn save_preset(&mut self, name: &str) {
        let name: String = name.trim().chars().take(NAME).collect();
        let Some(camera) = &self.camera else { return };
        let preset = Preset {
            camera: camera.id.clone(),
            name,
            view: camera.view,
        };
        let known = |p: &Preset| p.name == preset.name && p.is_of(&preset.camera);
        match self.all_presets.iter().position(known) {
            Some(known) => self.all_presets[known] = preset,
            None if preset.name.is_empty() || !self.takes_preset() => return,
            None => self.all_presets.push(preset),
        }
        self.keep_presets();
    }

    fn keep_presets(&mut self) {
        let presets = self.all_presets.clone();
        self.effect(Effect::SavePresets(presets));
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_camera_state(&mut self, state: Option<CameraState>) {
        if self.camera != state {
            self.camera = state;
            self.effect(Effect::Redraw);
        }
    }

    /// What people chose in this call or for it, else what the meeting wants, else the room's.
    pub(super) fn camera_choice(&self) -> Option<Device> {
        let config = self.config.as_ref()?;
        let chosen = self.chosen_camera.clone();
        let chosen = chosen.or_else(|| self.prepared_here()?.camera.clone());
        let chosen = chosen.and_then(|name| Device::try_from(name).ok());
        chosen
            .or_else(|| self.camera_of_meeting())
            .or_else(|| Some(config.devices.camera.clone()))
    }

    /// A meeting in the configuration may name a camera, by whatever way the room comes in.
    fn camera_of_meeting(&self) -> Option<Device> {
        let meeting = self.phase.meeting()?;
        let mut standing = self.config.as_ref()?.meetings.iter();
        let leads = |link: &str| {
            let target = LinkTarget::of(&MeetingLink::new(link));
            target.is_ok_and(|target| leads_to(&target, &meeting.destination))
        };
        let named = standing.find(|m| m.camera.is_some() && leads(m.link.as_str()))?;
        named.camera.clone()
    }

    /// The engine is told when another camera, microphone or loudspeaker is wanted than before.
    pub(super) fn follow_device_choice(&mut self) {
        if self.phase.call().is_none() {
            self.chosen_camera = None;
        }
        let sound = self.sound_devices().map(|names| names.map(str::to_owned));
        let other = self.camera_choice() != self.camera_told || sound != self.sound_told;
        if self.config.is_some() && other {
            self.configure_devices();
        }
    }

    /// Plugging in starts a presentation and pulling out ends it, where the configuration wants that.
    pub(super) fn on_content_signal(&mut self, now: Now, present: bool) {
        let starts = self
            .config
            .as_ref()
            .is_some_and(|c| c.devices.present_when_plugged);
        match present {
            true if starts => self.act(now, MeetingAction::Present { on: true }),
            true => {}
            false => self.stop_presenting_device(now),
        }
    }

    /// The room's camera as it stands; `None` without one that can be asked.
    #[must_use]
    pub fn camera(&self) -> Option<&CameraState> {
        self.camera.as_ref()
    }

    /// The views that were saved of this camera, the oldest first.
    pub fn presets(&self) -> impl Iterator<Item = &Preset> {
        let id = self.camera.as_ref().map(|camera| camera.id.as_str());
        let of = move |p: &&Preset| id.is_some_and(|id| p.is_of(id));
        self.all_presets.iter().filter(of)
    }

    /// Whether there is room for one more view of this camera.
    #[must_use]
    pub fn takes_preset(&self) -> bool {
        self.camera.is_some() && self.presets().count() < MOST_PRESETS
    }

    /// The cameras that people may choose from: inputs for presentations are none.
    pub fn cameras(&self) -> impl Iterator<Item = &PictureDevice> {
        let content = self.config.as_ref().map(|c| c.devices.content.as_str());
        let is_content = move |d: &PictureDevice| {
            content.is_some_and(|content| content == d.id || content == d.name)
        };
        let all = self.devices.cameras.iter();
        all.filter(move |d| d.kind == PictureKind::Camera && !is_content(d))
    }
}
