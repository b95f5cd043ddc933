//! The daemon's control socket from the other side.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::tz::TimeZone;
use saal_control::{
    Answer, AnswerError, MeetingLine, Question, Reply, Request, SOCKET_NAME, Status,
};
use saal_media_protocol::CameraView;

/// The daemon's loop answers in milliseconds; after this long it hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// The daemon was not reached or not understood; each says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error(
        "the room's daemon does not run: nothing listens at {}\n\
         Start saald, or name its state folder with --state DIR.", path.display()
    )]
    NotRunning { path: PathBuf },
    #[error(
        "{} belongs to another user\n\
         Run this as root or as the daemon's user.", path.display()
    )]
    NotAllowed { path: PathBuf },
    #[error("can't use {}: {source}", path.display())]
    Socket { path: PathBuf, source: io::Error },
    #[error(
        "the room's daemon does not answer at {}\n\
         It may be restarting; its log tells more.", path.display()
    )]
    Silent { path: PathBuf },
    #[error(
        "{0}\n\
         saalctl and the daemon are of different releases; restart the daemon."
    )]
    NotUnderstood(#[from] AnswerError),
    #[error(
        "the daemon answered something that was not asked\n\
         saalctl and the daemon are of different releases; restart the daemon."
    )]
    Unexpected,
}

/// A connection to the daemon.
pub(crate) struct Client {
    path: PathBuf,
    socket: BufReader<UnixStream>,
}

impl Client {
    pub(crate) fn connect(state: &Path) -> Result<Self, ClientError> {
        let path = state.join(SOCKET_NAME);
        let connect = || {
            let socket = UnixStream::connect(&path)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_write_timeout(Some(PATIENCE))?;
            Ok(BufReader::new(socket))
        };
        match connect() {
            Ok(socket) => Ok(Self { path, socket }),
            Err(source) => Err(failed(path, source)),
        }
    }

    /// Asks one thing; what the daemon refuses is an error.
    pub(crate) fn ask(&mut self, request: Request) -> Result<Reply, crate::Failure> {
        let line = self.exchange(&Question::new(request).to_line());
        let line = line.map_err(|source| failed(self.path.clone(), source))?;
        match Answer::parse(&line).map_err(ClientError::from)? {
            Reply::Error(refused) => Err(refused.into()),
            reply => Ok(reply),
        }
    }

    fn exchange(&mut self, question: &str) -> io::Result<String> {
        self.socket.get_mut().write_all(question.as_bytes())?;
        let mut line = String::new();
        match self.socket.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line),
        }
    }

    pub(crate) fn meetings(&mut self) -> Result<Vec<MeetingLine>, crate::Failure> {
        match self.ask(Request::Meetings {})? {
            Reply::Meetings(meetings) => Ok(meetings),
            _ => Err(ClientError::Unexpected.into()),
        }
    }

    /// Where the camera looks; the widest view where there is none.
    pub(crate) fn camera_view(&mut self) -> Result<CameraView, crate::Failure> {
        match self.ask(Request::CameraState {})? {
            Reply::Camera(report) => {
                Ok(report.camera.map(|camera| camera.view).unwrap_or_default())
            }
            _ => Err(ClientError::Unexpected.into()),
        }
    }

    /// Where the room's clock is; UTC if this program does not know the place.
    pub(crate) fn time_zone(&mut self) -> Result<TimeZone, crate::Failure> {
        match self.ask(Request::Status {})? {
            Reply::Status(status) => Ok(zone(&status)),
            _ => Err(ClientError::Unexpected.into()),
        }
    }
}

/// Where a room's clock is; UTC if this program does not know the place.
pub(crate) fn zone(status: &Status) -> TimeZone {
    TimeZone::get(&status.time_zone).unwrap_or(TimeZone::UTC)
}

fn failed(path: PathBuf, source: io::Error) -> ClientError {
    use io::ErrorKind as K;
    match source.kind() {
        K::NotFound | K::ConnectionRefused => ClientError::NotRunning { path },
        K::PermissionDenied => ClientError::NotAllowed { path },
        K::WouldBlock | K::TimedOut | K::UnexpectedEof | K::ConnectionReset | K::BrokenPipe => {
            ClientError::Silent { path }
        }
        _ => ClientError::Socket { path, source },
    }
}
