//! Meetings that begin soon, in a folder of calendars: what the room tries before people come.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use saal_control::Status;
use saal_harness::Room;

use crate::{PATIENCE, Result};

/// A folder of calendars that a room looks into.
#[derive(Debug)]
pub struct SoonFolder(PathBuf);

impl SoonFolder {
    /// An empty one below the run's folder.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new(run: &Path, name: &str) -> std::io::Result<Self> {
        let folder = run.join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// What a room's configuration says of it.
    #[must_use]
    pub fn configuration(&self) -> String {
        let folder = &self.0;
        format!(
            "[[calendars]]\nname = \"Folder\"\nfolder = {folder:?}\nevery_seconds = 5\n\
             [links]\njitsi_hosts = [\"127.0.0.1\"]\n"
        )
    }

    /// Puts a meeting of half an hour into it.
    ///
    /// # Errors
    /// When the folder is full or gone.
    pub fn add(&self, title: &str, in_minutes: i64, link: &str) -> std::io::Result<()> {
        let utc = |minutes: i64| {
            let at = Timestamp::now() + SignedDuration::from_mins(minutes);
            at.strftime("%Y%m%dT%H%M%SZ").to_string()
        };
        let (start, end) = (utc(in_minutes), utc(in_minutes + 30));
        let event = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:{title}\r\nDTSTART:{start}\r\nDTEND:{end}\r\n\
             SUMMARY:{title}\r\nLOCATION:{link}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        // The room reads whole files alone.
        let written = self.0.join(title);
        std::fs::write(&written, event)?;
        std::fs::rename(written, self.0.join(format!("{title}.ics")))
    }
}

/// Waits until the room has these troubles (`docs/troubles.md`) and no others.
///
/// # Errors
/// With those that it had last, and the end of its log.
pub async fn has_troubles(room: &Room, codes: &[&str]) -> Result<Status> {
    let has = |status: &Status| {
        let these = status.troubles.iter().map(|trouble| trouble.code.as_str());
        these.eq(codes.iter().copied())
    };
    room.status_is(&format!("the troubles {codes:?}"), PATIENCE, has)
        .await
}
