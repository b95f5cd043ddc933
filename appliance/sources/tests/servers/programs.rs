//! CalDAV servers of the harness, each with a folder of its own.

use saal_harness::{CalendarProgram, CalendarServer};
use tempfile::TempDir;
use url::Url;

/// A server with one calendar of the user `room`.
pub(crate) struct Server {
    _folder: TempDir,
    program: CalendarServer,
}

impl Server {
    /// Radicale, with these events on its disk, by their names.
    pub(crate) async fn radicale(events: &[(String, String)]) -> Self {
        Self::start(CalendarProgram::Radicale, events).await
    }

    /// Xandikos, with the same in the calendar that it makes for a user by itself.
    pub(crate) async fn xandikos(events: &[(String, String)]) -> Self {
        Self::start(CalendarProgram::Xandikos, events).await
    }

    async fn start(program: CalendarProgram, events: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = CalendarServer::with(program, folder.path(), events).await;
        Self {
            program: program.unwrap(),
            _folder: folder,
        }
    }

    /// Where to begin to look.
    pub(crate) fn base(&self) -> Url {
        Url::parse(&self.program.base()).unwrap()
    }

    /// The calendar itself.
    pub(crate) fn calendar(&self) -> Url {
        Url::parse(&self.program.calendar()).unwrap()
    }

    /// Starts it again, and waits until it listens.
    pub(crate) async fn begin(&mut self) {
        self.program.begin().await.unwrap();
    }

    /// Ends it.
    pub(crate) async fn stop(&mut self) {
        self.program.stop().await;
    }

    /// Writes an event, as its organiser does.
    pub(crate) async fn put(&mut self, name: &str, text: &str) {
        self.program.put(name, text).await.unwrap();
    }

    /// What an event is now, as its organiser sees it.
    pub(crate) async fn get(&self, name: &str) -> String {
        self.program.get(name).await.unwrap()
    }

    /// Deletes an event.
    pub(crate) async fn delete(&mut self, name: &str) {
        self.program.delete(name).await.unwrap();
    }
}
