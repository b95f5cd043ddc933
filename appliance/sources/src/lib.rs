//! Where the room's calendars come from: CalDAV servers, feeds and folders of files.
//!
//! Each source is a task of its own that looks again and again, so that one that fails hides no other. What was read last is
//! kept on disk and told at once after a start, with its age. What is in a calendar is read by `saal-calendar`.

mod answering;
mod caldav;
mod feed;
mod folder;
mod http;
mod inbox;
mod kept;
mod look;
mod names;
mod pace;
mod writer;

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use saal_calendar::{CalendarFile, Reading, link::JitsiHosts};
use saal_meeting::Secret;
use thiserror::Error;
use tokio::{sync::mpsc, task::JoinSet};
use url::Url;

use answering::Known;
pub use pace::Pace;
pub use saal_calendar::edit::{Change, Edit, NewEvent};
pub use writer::{ChangeError, Writer};

/// News that nobody has taken yet; a source waits beyond that.
const NEWS: usize = 16;

/// One of the room's calendars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What people who look after the room call it; unique among the room's sources.
    pub name: String,
    /// Where it is.
    pub at: At,
    /// How long between two looks.
    pub every: Duration,
    /// What the room answers to invitations in it.
    pub answers: Answers,
}

/// What the room answers to invitations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// Nothing: the server or people do.
    #[default]
    Never,
    /// It comes where it is free, and declines where it is taken. CalDAV alone.
    WhenFree,
}

/// Where a calendar is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// A CalDAV server (RFC 4791): a calendar, or an address behind which calendars are found.
    CalDav {
        /// The address.
        url: Url,
        /// Who asks.
        login: Option<Login>,
    },
    /// An address of the web that gives iCalendar (RFC 5545).
    Feed {
        /// The address; it may be a secret itself.
        url: Url,
        /// Who asks.
        login: Option<Login>,
    },
    /// A folder with `.ics` files.
    Folder {
        /// Its path.
        path: PathBuf,
    },
}

impl At {
    fn login(&self) -> Option<&Login> {
        match self {
            Self::CalDav { login, .. } | Self::Feed { login, .. } => login.as_ref(),
            Self::Folder { .. } => None,
        }
    }
}

/// User and password, for HTTP's Basic scheme (RFC 7617).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// What all sources share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The zone of times without one.
    pub zone: TimeZone,
    /// Addresses of the room among attendees.
    pub room: Vec<String>,
    /// Which Jitsi installations the room goes to.
    pub jitsi: JitsiHosts,
    /// The proxy of the room's network.
    pub proxy: Option<Url>,
    /// Why the room declines, for the organiser.
    pub taken: String,
    /// Where to keep what was read last; `None`: nowhere.
    pub keep: Option<PathBuf>,
}

/// What a source tells.
#[derive(Clone, Debug)]
pub struct News {
    /// Which source.
    pub source: String,
    /// What there is.
    pub what: What,
}

/// How a look ended.
#[derive(Clone, Debug)]
pub enum What {
    /// The calendar as it was at a moment.
    Read {
        /// What is in it.
        file: Arc<CalendarFile>,
        /// When the server had it so; long ago after a start without a network.
        at: Timestamp,
    },
    /// It could be asked, and nothing is other than before.
    Same {
        /// When.
        at: Timestamp,
    },
    /// It can't be asked, or does not answer; what it said before still holds.
    Failed {
        /// For people who look after the room; without secrets.
        reason: String,
    },
}

/// Why a look failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    CalDav(#[from] saal_calendar::caldav::CalDavError),
    #[error("{0}")]
    Http(String),
    #[error("{path}: {reason}", path = path.display())]
    Folder { path: PathBuf, reason: String },
}

impl Failure {
    /// How long the other side wants to be left alone.
    fn pause(&self) -> Option<Duration> {
        match self {
            Self::CalDav(saal_calendar::caldav::CalDavError::Busy(pause)) => Some(*pause),
            _ => None,
        }
    }
}

/// All sources of the room, at work until this is dropped.
#[derive(Debug)]
pub struct Sources {
    _tasks: JoinSet<()>,
    news: mpsc::Receiver<News>,
    writer: Writer,
}

impl Sources {
    /// Starts to look. What is kept from before is told first.
    #[must_use]
    pub fn start(sources: Vec<Source>, settings: Settings, pace: Pace) -> Self {
        let (told, news) = mpsc::channel(NEWS);
        // One for all: each has this computer's authorities in memory, and connections of its own.
        let client = http::client(settings.proxy.as_ref()).map_err(|failure| failure.to_string());
        let settings = Arc::new(settings);
        let known = Arc::new(Known::new(sources.iter().map(|source| source.name.clone())));
        let answers = sources.iter().any(|s| s.answers == Answers::WhenFree);
        let (mut tasks, mut writer) = (JoinSet::new(), Writer::default());
        for source in sources {
            let wishes = writer.to(&source);
            let room = look::Room {
                settings: settings.clone(),
                client: client.clone(),
                known: known.clone(),
                ahead: if answers {
                    Reading::YEAR
                } else {
                    Reading::WEEKS
                },
                told: told.clone(),
            };
            tasks.spawn(look::again_and_again(source, room, pace, wishes));
        }
        Self {
            _tasks: tasks,
            news,
            writer,
        }
    }

    /// Through which the room's calendars are changed.
    #[must_use]
    pub fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// The next news; never, when there is no source.
    pub async fn next(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }
}
