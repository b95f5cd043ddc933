//! Changes to the room's calendars, each carried out by its source between two looks.

use saal_calendar::edit::{Change, EditError};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::{At, Failure, Source};

/// Changes that wait for a source; people do not make more.
const WAITING: usize = 8;

/// Through which the room's calendars are changed, as long as its [`crate::Sources`] are at work.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    to: Vec<(String, mpsc::Sender<Wish>)>,
}

/// A change, and who waits for it.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) change: Change,
    pub(crate) done: oneshot::Sender<Result<(), ChangeError>>,
}

/// Why a calendar was not changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChangeError {
    /// It has no such meeting, or there is no such calendar.
    #[error("there is no such meeting in this calendar")]
    Unknown,
    /// A feed, which can only be read.
    #[error("this calendar can only be read")]
    NotWritable,
    /// Somebody else's meeting.
    #[error("the meeting is somebody else's")]
    NotOurs,
    /// It lasts whole days, or would end before it begins, or its entry is broken.
    #[error("the meeting can't be changed so: {0}")]
    NotPossible(String),
    /// The server or the disk does not allow it.
    #[error("the change is refused: {0}")]
    Refused(String),
    /// Others changed it each time it was tried, or there is one of its name.
    #[error("others change this meeting at the same time")]
    Conflict,
    /// No network, or a server in trouble: may be tried again.
    #[error("{0}")]
    Failed(String),
}

impl From<EditError> for ChangeError {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Unknown => Self::Unknown,
            EditError::NotOurs => Self::NotOurs,
            other => Self::NotPossible(other.to_string()),
        }
    }
}

impl From<Failure> for ChangeError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

impl Writer {
    /// A place for changes to this source.
    pub(crate) fn to(&mut self, source: &Source) -> mpsc::Receiver<Wish> {
        let (to, wishes) = mpsc::channel(WAITING);
        if !matches!(source.at, At::Feed { .. }) {
            self.to.push((source.name.clone(), to));
        }
        wishes
    }

    /// Names of the calendars that can be changed, in the order of the configuration.
    pub fn writable(&self) -> impl Iterator<Item = &str> {
        self.to.iter().map(|(name, _)| name.as_str())
    }

    /// Carries a change out. The calendar is looked at right after it, so that it comes as news too.
    ///
    /// # Errors
    ///
    /// Where nothing was changed, and why.
    pub async fn change(&self, source: &str, change: Change) -> Result<(), ChangeError> {
        let to = self.to.iter().find(|(name, _)| name == source);
        let (_, to) = to.ok_or(ChangeError::NotWritable)?;
        let (done, answer) = oneshot::channel();
        let gone = || ChangeError::Failed("the calendars are being started anew".to_owned());
        let sent = to.send(Wish { change, done }).await;
        sent.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}
