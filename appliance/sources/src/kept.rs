//! What a source said last, on disk: a room without a network still knows its day.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Of the file's form.
const VERSION: u32 = 1;

/// The files of a calendar, as they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    version: u32,
    /// A sum of the address, which may be a secret; another one's calendar is none of this source's.
    of: u64,
    /// When the source had them.
    pub(crate) at: Timestamp,
    /// iCalendar, in UTF-8 or what was taken for it.
    pub(crate) files: Vec<String>,
}

impl Kept {
    pub(crate) fn new(of: &str, at: Timestamp, files: &[Vec<u8>]) -> Self {
        let text = |file: &Vec<u8>| String::from_utf8_lossy(file).into_owned();
        Self {
            version: VERSION,
            of: sum(of),
            at,
            files: files.iter().map(text).collect(),
        }
    }

    /// What is kept of an address under a name; what can't be read is as if it were not there.
    pub(crate) fn read(folder: &Path, name: &str, of: &str) -> Option<Self> {
        let path = path(folder, name);
        let bytes = fs::read(&path).ok()?;
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(kept) if kept.version == VERSION && kept.of == sum(of) => Some(kept),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "kept calendar can't be read");
                None
            }
        }
    }

    /// All of it or nothing, also when the power goes.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let path = path(folder, name);
        let new = path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(new, path)
    }
}

/// Names are people's; files have letters and digits.
fn path(folder: &Path, name: &str) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let mut file: String = name.chars().map(safe).take(40).collect();
    // Two names that differ in other letters are two files.
    file += &format!("-{:016x}.json", sum(name));
    folder.join(file)
}

/// FNV-1a: the same on each start, and nobody's secret.
fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
