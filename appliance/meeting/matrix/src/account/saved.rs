//! Who the account was last time, so that a restart does not have to ask first.

use std::{fs, io, io::Write as _, path::Path};

use serde::{Deserialize, Serialize};

use crate::{homeserver::Whoami, rtc::Device};

const FILE: &str = "account.json";

#[derive(Serialize, Deserialize)]
struct Saved {
    homeserver: String,
    #[serde(flatten)]
    whoami: Whoami,
}

/// `None` when there is none, it can't be read, or it is of another server.
pub(crate) fn load(dir: &Path, homeserver: &str) -> Option<Device> {
    let text = fs::read_to_string(dir.join(FILE)).ok()?;
    let saved: Saved = serde_json::from_str(&text).ok()?;
    (saved.homeserver == homeserver).then_some(Device {
        user: saved.whoami.user_id,
        device: saved.whoami.device_id,
    })
}

/// Writes beside the old file and renames, so that a power cut leaves one or the other.
pub(crate) fn save(dir: &Path, homeserver: &str, device: &Device) -> io::Result<()> {
    let whoami = Whoami {
        user_id: device.user.clone(),
        device_id: device.device.clone(),
    };
    let saved = Saved {
        homeserver: homeserver.to_owned(),
        whoami,
    };
    fs::create_dir_all(dir)?;
    let new = dir.join("account.json.new");
    let mut file = fs::File::create(&new)?;
    file.write_all(&serde_json::to_vec_pretty(&saved)?)?;
    file.sync_all()?;
    fs::rename(new, dir.join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_remembered_for_its_own_server_only() {
        let dir = tempfile::tempdir().unwrap();
        let device = Device {
            user: "@room:hs".into(),
            device: "DEV".into(),
        };
        assert_eq!(load(dir.path(), "https://hs/"), None);
        save(dir.path(), "https://hs/", &device).unwrap();
        assert_eq!(load(dir.path(), "https://hs/"), Some(device));
        assert_eq!(load(dir.path(), "https://other/"), None);
    }
}
