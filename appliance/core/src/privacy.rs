//! What of the room was in use and when, for the people in it to read. No names, no titles, nothing of what was said or
//! seen.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// More are read by nobody; the oldest go first.
const MOST: usize = 1_000;

/// Something of the room that others may see, hear or work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// The camera was open: in a meeting, or to be tried.
    Camera,
    /// The microphone was open: in a meeting, or to be tried.
    Microphone,
    /// The meeting was recorded.
    Recording,
    /// The meeting was shown live to anybody.
    LiveStream,
    /// What was said became text.
    Transcription,
    /// Somebody saw the panel, the television or the camera from elsewhere.
    RemoteView,
    /// Somebody worked the panel from elsewhere.
    RemoteTouch,
    /// A laptop's screen was shown.
    Laptop,
}

impl Use {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::Camera,
        Self::Microphone,
        Self::Recording,
        Self::LiveStream,
        Self::Transcription,
        Self::RemoteView,
        Self::RemoteTouch,
        Self::Laptop,
    ];
}

/// How a use ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseEnd {
    /// It goes on.
    Going,
    /// It was over.
    Over,
    /// The room died, or was switched off: it went on until then, a minute more or less.
    Restart,
}

/// Something was in use from then until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyEntry {
    /// What.
    pub what: Use,
    /// Inclusive.
    pub from: Timestamp,
    /// What goes on did so until then at least.
    pub until: Timestamp,
    /// How it ended.
    pub end: UseEnd,
}

/// What was in use, as it is saved too: the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyLog {
    /// Version of this format: [`Self::VERSION`].
    pub version: u32,
    /// In the order in which they began.
    pub entries: Vec<PrivacyEntry>,
}

impl PrivacyLog {
    /// The format's version.
    pub const VERSION: u32 = 1;

    /// Of a room that did not live to end what was in use.
    pub(crate) fn end_by_restart(&mut self) {
        for entry in self.going() {
            entry.end = UseEnd::Restart;
        }
    }

    /// This is in use now and nothing else; says whether that is another thing than before.
    pub(crate) fn follow(&mut self, now: Timestamp, uses: impl Fn(Use) -> bool) -> bool {
        let mut news = false;
        for what in Use::ALL {
            let known = self.going().find(|entry| entry.what == what);
            match (known, uses(what)) {
                (Some(entry), true) => entry.lasts(now),
                (Some(entry), false) => {
                    entry.lasts(now);
                    entry.end = UseEnd::Over;
                    news = true;
                }
                (None, true) => {
                    self.entries.push(PrivacyEntry {
                        what,
                        from: now,
                        until: now,
                        end: UseEnd::Going,
                    });
                    news = true;
                }
                (None, false) => {}
            }
        }
        let more = self.entries.len().saturating_sub(MOST);
        self.entries.drain(..more);
        news
    }

    /// Forgets what is older; says whether there was anything.
    pub(crate) fn forget(&mut self, now: Timestamp, days: u32) -> bool {
        let before = self.entries.len();
        let kept = SignedDuration::from_hours(24 * i64::from(days));
        let fresh = |entry: &PrivacyEntry| now.duration_since(entry.until) < kept;
        self.entries.retain(fresh);
        self.entries.len() != before
    }

    /// Whether anything is in use.
    #[must_use]
    pub fn is_going(&self) -> bool {
        self.entries.iter().any(|entry| entry.end == UseEnd::Going)
    }

    fn going(&mut self) -> impl Iterator<Item = &mut PrivacyEntry> {
        let all = self.entries.iter_mut();
        all.filter(|entry| entry.end == UseEnd::Going)
    }
}

impl PrivacyEntry {
    /// A clock that is set back makes nothing shorter than nothing.
    fn lasts(&mut self, now: Timestamp) {
        self.until = self.until.max(now);
    }
}
