//! The call that a restart comes back to: one small file, written atomically.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use saal_core::{Bookings, LocalSettings, PrivacyLog, SavedCall, SoundChoice};
use saal_media_protocol::EncoderTrial;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// `encoders.json`, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTrials {
    version: u32,
    trials: Vec<EncoderTrial>,
}

const TRIALS_VERSION: u32 = 1;

/// `call.json` in the state folder.
#[derive(Clone, Debug)]
pub(crate) struct SavedCallFile {
    path: PathBuf,
}

impl SavedCallFile {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            path: state.join("call.json"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What an earlier daemon saved. A file that can't be read or has another version is no
    /// reason to stay down: it is reported and set aside as `call.json.unreadable`.
    pub(crate) fn load(&self) -> Option<SavedCall> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::error!(path = %self.path.display(), %error, "saved call can't be read");
                return None;
            }
        };
        match serde_json::from_str::<SavedCall>(&text) {
            Ok(saved) if saved.version == SavedCall::VERSION => Some(saved),
            Ok(SavedCall { version, .. }) => self.set_aside(&format!("version {version}")),
            Err(error) => self.set_aside(&error.to_string()),
        }
    }

    fn set_aside(&self, problem: &str) -> Option<SavedCall> {
        let aside = self.path.with_extension("json.unreadable");
        tracing::error!(path = %self.path.display(), problem, aside = %aside.display(),
            "saved call is not understood; the room does not go back into it");
        if let Err(error) = fs::rename(&self.path, &aside) {
            tracing::error!(path = %self.path.display(), %error, "it can't be set aside either");
        }
        None
    }

    /// A meeting's link may carry a token, so nobody else reads it.
    pub(crate) fn save(&self, saved: Option<&SavedCall>) -> io::Result<()> {
        let Some(saved) = saved else {
            return match fs::remove_file(&self.path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
                _ => Ok(()),
            };
        };
        replace(&self.path, &serde_json::to_vec(saved)?)
    }

    /// What people chose for the sound, from `sound.json` beside the call; one that is not understood is as if nobody chose.
    pub(crate) fn load_sound(&self) -> Option<SoundChoice> {
        let path = self.path.with_file_name("sound.json");
        let text = fs::read_to_string(&path).ok()?;
        match serde_json::from_str::<SoundChoice>(&text) {
            Ok(sound) if sound.version == SoundChoice::VERSION && sound.volume <= 100 => {
                Some(sound)
            }
            Ok(_) => {
                tracing::error!(path = %path.display(), "another version, or a volume above 100");
                None
            }
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "the choice of sound is not understood");
                None
            }
        }
    }

    pub(crate) fn save_sound(&self, sound: &SoundChoice) -> io::Result<()> {
        let path = self.path.with_file_name("sound.json");
        replace(&path, &serde_json::to_vec(sound)?)
    }

    /// What people changed of the day, from `bookings.json` beside the call; one that is not understood is as if nobody did.
    pub(crate) fn load_bookings(&self) -> Option<Bookings> {
        let path = self.path.with_file_name("bookings.json");
        let text = fs::read_to_string(&path).ok()?;
        match serde_json::from_str::<Bookings>(&text) {
            Ok(saved) if saved.version == Bookings::VERSION => Some(saved),
            Ok(Bookings { version, .. }) => {
                tracing::error!(path = %path.display(), version, "bookings of another version are forgotten");
                None
            }
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "the bookings are not understood and forgotten");
                None
            }
        }
    }

    pub(crate) fn save_bookings(&self, bookings: &Bookings) {
        let path = self.path.with_file_name("bookings.json");
        let written = serde_json::to_vec(bookings).map_err(io::Error::from);
        if let Err(error) = written.and_then(|text| replace(&path, &text)) {
            tracing::error!(path = %path.display(), %error, "the bookings are not saved");
        }
    }

    /// What was set in the room, from `settings.json` beside the call.
    pub(crate) fn load_settings(&self) -> Option<LocalSettings> {
        let path = self.path.with_file_name("settings.json");
        kept(&path, LocalSettings::VERSION, |settings: &LocalSettings| {
            settings.version
        })
    }

    pub(crate) fn save_settings(&self, settings: &LocalSettings) -> io::Result<()> {
        let path = self.path.with_file_name("settings.json");
        replace(&path, &serde_json::to_vec(settings)?)
    }

    /// What was in use, from `privacy.json` beside the call.
    pub(crate) fn load_privacy(&self) -> Option<PrivacyLog> {
        let path = self.path.with_file_name("privacy.json");
        kept(&path, PrivacyLog::VERSION, |log: &PrivacyLog| log.version)
    }

    pub(crate) fn save_privacy(&self, log: &PrivacyLog) -> io::Result<()> {
        let path = self.path.with_file_name("privacy.json");
        replace(&path, &serde_json::to_vec(log)?)
    }

    /// What encoders did in their trials, from `encoders.json` beside the call; without it they are tried again.
    pub(crate) fn load_trials(&self) -> Option<Vec<EncoderTrial>> {
        let path = self.path.with_file_name("encoders.json");
        let text = fs::read_to_string(&path).ok()?;
        match serde_json::from_str::<SavedTrials>(&text) {
            Ok(saved) if saved.version == TRIALS_VERSION => Some(saved.trials),
            Ok(SavedTrials { version, .. }) => {
                tracing::warn!(path = %path.display(), version, "of another version; encoders are tried again");
                None
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "not understood; encoders are tried again");
                None
            }
        }
    }

    pub(crate) fn save_trials(&self, trials: Vec<EncoderTrial>) -> io::Result<()> {
        let path = self.path.with_file_name("encoders.json");
        let version = TRIALS_VERSION;
        replace(
            &path,
            &serde_json::to_vec(&SavedTrials { version, trials })?,
        )
    }
}

/// What the daemon before kept under this name, of this version; one that is not understood is told, and set aside as
/// `NAME.unreadable`, so that nothing is lost by what is written next.
fn kept<T: DeserializeOwned>(path: &Path, version: u32, of: fn(&T) -> u32) -> Option<T> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "can't be read");
            return None;
        }
    };
    let problem = match serde_json::from_str::<T>(&text) {
        Ok(kept) if of(&kept) == version => return Some(kept),
        Ok(kept) => format!("it has version {}", of(&kept)),
        Err(error) => error.to_string(),
    };
    let aside = path.with_extension("json.unreadable");
    tracing::error!(path = %path.display(), problem, aside = %aside.display(), "is not understood");
    if let Err(error) = fs::rename(path, &aside) {
        tracing::error!(path = %path.display(), %error, "it can't be set aside either");
    }
    None
}

/// Replaces a file: after a power cut there is the old or the new one, never half of one.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let new = path.with_extension("json.new");
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    // One that an earlier daemon left half written keeps its mode.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use saal_core::{Muted, PrivacyEntry, Use, UseEnd};
    use saal_meeting::{CallId, Destination, Meeting, MeetingId};

    use super::*;

    fn saved() -> SavedCall {
        SavedCall {
            version: SavedCall::VERSION,
            call: CallId(7),
            meeting: Meeting {
                id: MeetingId("!a:b/now".into()),
                title: "Weekly".into(),
                start: None,
                end: None,
                destination: Destination::matrix("!a:b"),
                in_call: 2,
                private: false,
                part_of: None,
                others: Vec::new(),
                tentative: false,
            },
            muted: Muted {
                microphone: true,
                camera: false,
            },
            resume: None,
            saved_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn nobody_else_reads_what_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        // Half written by a daemon of before.
        fs::write(folder.path().join("call.json.new"), "{").unwrap();
        let file = SavedCallFile::new(folder.path());
        file.save(Some(&saved())).unwrap();
        let mode = fs::metadata(file.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_was_saved_is_found_and_forgotten_again() {
        let state = tempfile::tempdir().unwrap();
        let file = SavedCallFile::new(state.path());
        assert_eq!(file.load(), None);
        file.save(Some(&saved())).unwrap();
        assert_eq!(file.load(), Some(saved()));
        file.save(None).unwrap();
        assert_eq!(file.load(), None);
        file.save(None).unwrap();
    }

    #[test]
    fn what_people_chose_for_the_sound_is_found_again_and_nonsense_is_not() {
        let state = tempfile::tempdir().unwrap();
        let file = SavedCallFile::new(state.path());
        assert_eq!(file.load_sound(), None);
        let chosen = SoundChoice {
            volume: 35,
            ..SoundChoice::default()
        };
        file.save_sound(&chosen).unwrap();
        assert_eq!(file.load_sound(), Some(chosen));
        for damaged in ["{", "{\"version\":1,\"volume\":101,\"devices\":null}"] {
            fs::write(state.path().join("sound.json"), damaged).unwrap();
            assert_eq!(file.load_sound(), None);
        }
    }

    #[test]
    fn trials_of_encoders_are_remembered_and_nonsense_is_not() {
        let state = tempfile::tempdir().unwrap();
        let file = SavedCallFile::new(state.path());
        assert_eq!(file.load_trials(), None);
        let trial = EncoderTrial {
            encoder: "vah264enc".to_owned(),
            with: "i915, Linux 6.12, GStreamer 1.26".to_owned(),
            refused: None,
        };
        file.save_trials(vec![trial.clone()]).unwrap();
        assert_eq!(file.load_trials(), Some(vec![trial]));
        for damaged in ["{", "{\"version\":2,\"trials\":[]}"] {
            fs::write(state.path().join("encoders.json"), damaged).unwrap();
            assert_eq!(file.load_trials(), None);
        }
    }

    #[test]
    fn what_was_set_and_what_was_in_use_is_found_again_and_nonsense_is_set_aside() {
        let state = tempfile::tempdir().unwrap();
        let file = SavedCallFile::new(state.path());
        assert_eq!((file.load_settings(), file.load_privacy()), (None, None));
        let settings = LocalSettings {
            version: LocalSettings::VERSION,
            wrong_pins: 2,
            ..LocalSettings::default()
        };
        file.save_settings(&settings).unwrap();
        assert_eq!(file.load_settings(), Some(settings));
        let moment = jiff::Timestamp::UNIX_EPOCH;
        let log = PrivacyLog {
            version: PrivacyLog::VERSION,
            entries: vec![PrivacyEntry {
                what: Use::Camera,
                from: moment,
                until: moment,
                end: UseEnd::Going,
            }],
        };
        file.save_privacy(&log).unwrap();
        assert_eq!(file.load_privacy(), Some(log));
        fs::write(
            state.path().join("privacy.json"),
            "{\"version\":2,\"entries\":[]}",
        )
        .unwrap();
        assert_eq!(file.load_privacy(), None);
        assert!(state.path().join("privacy.json.unreadable").exists());
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_kept() {
        let state = tempfile::tempdir().unwrap();
        let file = SavedCallFile::new(state.path());
        for damaged in ["{", "{\"version\":2}", "{\"version\":1,\"surprise\":1}"] {
            fs::write(file.path(), damaged).unwrap();
            assert_eq!(file.load(), None);
            let aside = fs::read_to_string(state.path().join("call.json.unreadable")).unwrap();
            assert_eq!(aside, damaged);
            assert!(!file.path().exists());
        }
    }
}
