//! The cameras' saved views: one small file, written atomically.

use std::{fs, io, path::Path};

use saal_media_protocol::Preset;
use serde::{Deserialize, Serialize};

const FILE: &str = "cameras.json";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u32,
    presets: Vec<Preset>,
}

/// What was saved earlier. A file that can't be read is reported and set aside, so that nothing overwrites it.
pub(crate) fn load(state: &Path) -> Vec<Preset> {
    let path = state.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "the cameras' views can't be read");
            return Vec::new();
        }
    };
    let problem = match serde_json::from_str::<Saved>(&text) {
        Ok(saved) if saved.version == VERSION => return saved.presets,
        Ok(saved) => format!("version {}", saved.version),
        Err(error) => error.to_string(),
    };
    let aside = path.with_extension("json.unreadable");
    tracing::error!(path = %path.display(), problem, aside = %aside.display(),
        "the cameras' views are not understood; the room begins without any");
    if let Err(error) = fs::rename(&path, &aside) {
        tracing::error!(path = %path.display(), %error, "they can't be set aside either");
    }
    Vec::new()
}

/// Replaces the file: after a power cut there is the old or the new one, never half of one.
pub(crate) fn save(state: &Path, presets: Vec<Preset>) -> io::Result<()> {
    let saved = Saved {
        version: VERSION,
        presets,
    };
    let (path, new) = (state.join(FILE), state.join("cameras.json.new"));
    fs::write(&new, serde_json::to_vec(&saved)?)?;
    fs::File::open(&new)?.sync_all()?;
    fs::rename(&new, &path)?;
    fs::File::open(state)?.sync_all()
}

#[cfg(test)]
mod tests {
    use saal_media_protocol::CameraView;

    use super::*;

    #[test]
    fn what_was_saved_is_found_again_and_damage_is_kept_aside() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(load(state.path()), []);
        let view = CameraView {
            zoom: 300,
            pan: -120,
            tilt: 40,
        };
        let presets = vec![Preset {
            camera: "usb-1#046d:0866:A1".to_owned(),
            name: "Tafel".to_owned(),
            view,
        }];
        save(state.path(), presets.clone()).unwrap();
        assert_eq!(load(state.path()), presets);
        for damaged in [
            "{",
            r#"{"version":2,"presets":[]}"#,
            r#"{"version":1,"presets":[],"x":1}"#,
        ] {
            fs::write(state.path().join(FILE), damaged).unwrap();
            assert_eq!(load(state.path()), []);
            let aside = state.path().join("cameras.json.unreadable");
            assert_eq!(fs::read_to_string(aside).unwrap(), damaged);
        }
    }
}
