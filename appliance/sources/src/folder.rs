//! A folder with `.ics` files, as another program keeps it.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::Timestamp;
use saal_calendar::edit::{self, EditError, Edited, NewEvent};

use crate::{ChangeError, Failure, http::MOST_BYTES};

/// More files are no folder of a calendar.
const MOST_FILES: usize = 50_000;

/// What a folder holds: when each file was changed, and how long it is.
pub(crate) type Listing = BTreeMap<PathBuf, (SystemTime, u64)>;

/// Its files, without a look into them.
pub(crate) fn list(path: &Path) -> Result<Listing, Failure> {
    let failure = |error: io::Error| Failure::Folder {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut listing = Listing::new();
    for entry in fs::read_dir(path).map_err(failure)? {
        let file = entry.map_err(failure)?.path();
        let is_calendar = file
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("ics"));
        // A file that goes while it is looked at is gone.
        if let Ok(metadata) = fs::metadata(&file)
            && is_calendar
            && metadata.is_file()
            && listing.len() < MOST_FILES
        {
            let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            listing.insert(file, (changed, metadata.len()));
        }
    }
    Ok(listing)
}

/// What is in them. A file that can't be read is passed over and told.
pub(crate) fn read(listing: &Listing) -> Vec<Vec<u8>> {
    let small = listing
        .iter()
        .filter(|(_, (_, length))| *length <= MOST_BYTES as u64);
    let read = small.filter_map(|(path, _)| match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "calendar file can't be read");
            None
        }
    });
    read.collect()
}

/// Changes the file with this UID.
pub(crate) fn change(
    path: &Path,
    uid: &str,
    by: impl Fn(&str) -> Result<Edited, EditError>,
) -> Result<(), ChangeError> {
    let listing = list(path).map_err(|failure| ChangeError::Failed(failure.to_string()))?;
    // A file that is not UTF-8 is read, but not put together again.
    let texts = listing
        .into_keys()
        .filter_map(|file| Some((fs::read_to_string(&file).ok()?, file)));
    let mut texts = texts.filter(|(text, _)| edit::is_of(text, uid));
    let (text, file) = texts.next().ok_or(ChangeError::Unknown)?;
    match by(&text)? {
        Edited::Same => Ok(()),
        Edited::Gone => fs::remove_file(&file).map_err(|error| refused(&file, &error)),
        Edited::Text(text) => write(&file, &text).map_err(|error| refused(&file, &error)),
    }
}

/// Makes a file.
pub(crate) fn create(path: &Path, event: &NewEvent) -> Result<(), ChangeError> {
    let file = path.join(format!("{}.ics", safe_name(&event.uid)));
    if file.exists() {
        return Err(ChangeError::Conflict);
    }
    let text = edit::new_object(event, Timestamp::now());
    write(&file, &text).map_err(|error| refused(&file, &error))
}

/// All of it or nothing, also for programs that look at the folder.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("ics.new");
    let mut out = fs::File::create(&new)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(new, file)
}

fn refused(file: &Path, error: &io::Error) -> ChangeError {
    ChangeError::Refused(format!("{}: {error}", file.display()))
}

/// A UID as a file's name.
pub(crate) fn safe_name(uid: &str) -> String {
    let safe = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
        _ => '-',
    };
    uid.chars().map(safe).take(100).collect()
}
