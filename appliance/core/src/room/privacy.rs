//! What of the room is in use, written down when it begins and when it ends.

use std::time::Duration;

use saal_fleet_protocol::config::Device;
use saal_media_protocol::{RoomPicture, SourceKind};

use super::Room;
use crate::{Effect, Now, Onlooker, Phase, PrivacyLog, Sharing, Use};

/// Whoever worked the panel from elsewhere, or fetched a picture, and did nothing more for so long is gone.
const REMOTE_FOR: Duration = Duration::from_secs(60);
/// A device that the room is not to have.
const NONE: &str = "none";

/// What was in use.
#[derive(Debug, Default)]
pub(super) struct Privacy {
    log: PrivacyLog,
    /// When somebody worked the panel from elsewhere last (monotonic).
    remote: Option<Duration>,
    /// When somebody fetched a picture from elsewhere last (monotonic).
    looked: Option<Duration>,
}

impl Room {
    /// What of the room was in use, and when.
    #[must_use]
    pub fn privacy_log(&self) -> &PrivacyLog {
        &self.privacy.log
    }

    /// What the daemon before wrote down, before anything of this one's is.
    pub(super) fn on_saved_privacy(&mut self, mut saved: PrivacyLog) {
        saved.end_by_restart();
        self.privacy.log = saved;
        self.save_privacy();
    }

    pub(super) fn on_remote_touch(&mut self, now: Now) {
        self.privacy.remote = Some(now.mono);
    }

    pub(super) fn on_remote_look(&mut self, now: Now) {
        self.privacy.looked = Some(now.mono);
    }

    /// After each event.
    pub(super) fn follow_privacy(&mut self, now: Now) {
        let over = |last: &mut Duration| now.mono.saturating_sub(*last) >= REMOTE_FOR;
        self.privacy.remote.take_if(over);
        self.privacy.looked.take_if(over);
        let mut log = std::mem::take(&mut self.privacy.log);
        let news = log.follow(now.wall, |what| self.uses(what));
        self.privacy.log = log;
        if news {
            self.save_privacy();
        }
    }

    /// Each minute: what goes on did so until now, whatever happens to the room next; and what is old is forgotten.
    pub(super) fn keep_privacy(&mut self, now: Now) {
        self.follow_privacy(now);
        let days = self.config.as_ref().map(|c| c.panel.privacy_days);
        let days = days.unwrap_or_default();
        let forgot = self.privacy.log.forget(now.wall, days.get());
        if forgot || self.privacy.log.is_going() {
            self.save_privacy();
        }
    }

    pub(super) fn privacy_deadline(&self) -> Option<Duration> {
        let last = [self.privacy.remote, self.privacy.looked];
        last.into_iter()
            .flatten()
            .min()
            .map(|last| last + REMOTE_FOR)
    }

    fn save_privacy(&mut self) {
        self.privacy.log.version = PrivacyLog::VERSION;
        let log = Box::new(self.privacy.log.clone());
        self.effect(Effect::SavePrivacy(log));
    }

    fn uses(&self, what: Use) -> bool {
        let state = self.phase.in_call().map(|call| &call.state);
        match what {
            Use::Camera => self.captures(SourceKind::Camera),
            Use::Microphone => self.captures(SourceKind::Microphone),
            Use::Recording => state.is_some_and(|state| state.recording),
            Use::LiveStream => state.is_some_and(|state| state.live_stream),
            Use::Transcription => state.is_some_and(|state| state.transcription),
            Use::RemoteView => {
                let sees = |onlooker| matches!(onlooker, Onlooker::Looks(_) | Onlooker::Helps(_));
                let watches = sees(self.onlooker()) || self.viewers > 0;
                watches || self.privacy.looked.is_some()
            }
            Use::RemoteTouch => self.privacy.remote.is_some(),
            Use::Laptop => self.sharing() == Sharing::On,
        }
    }

    /// Whether a device is to be open. One that fails to open counts: nobody here knows when it begins to work.
    fn captures(&self, source: SourceKind) -> bool {
        let camera = self.camera_choice();
        let camera = camera.as_ref().map_or(NONE, Device::as_str);
        let microphone = self
            .sound_devices()
            .map_or(NONE, |[microphone, _]| microphone);
        let (device, looks) = match source {
            SourceKind::Camera => (
                camera,
                self.onlooker() == Onlooker::Looks(RoomPicture::Camera),
            ),
            _ => (microphone, false),
        };
        let at_work = self.phase != Phase::Home || looks;
        device != NONE && (at_work && !self.muted.get(source) || self.tries_devices())
    }
}
