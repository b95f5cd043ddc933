//! The room's daemon, over its control socket.

use std::{io, path::PathBuf, time::Duration};

use jiff::Timestamp;
use saal_control::{
    Answer, EngineProcess, EnrolmentStatus, ErrorCode, HelpStatus, MeetingLine, OtherRoom,
    Question, Reply, Request, SOCKET_NAME, Status, TakenTime,
};
use saal_fleet_protocol::fleet::{
    KeyProblem,
    help::HelpWanted,
    wire::{FreeRoom, RoomState, Span},
};
use saal_meeting::AccountState;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    time::timeout,
};

use crate::{trial::Look, update::gates::Appointment};

/// The daemon's loop answers in milliseconds; after this long it hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a new configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reload {
    /// It is in use.
    Taken,
    /// It is not: place and problem.
    Refused(String),
    /// The daemon does not answer; it reads the file when it starts.
    Silent,
}

/// The room's daemon.
#[derive(Clone, Debug)]
pub struct Room {
    socket: PathBuf,
}

impl Room {
    /// The daemon with this state folder; it need not run.
    #[must_use]
    pub fn new(state: &std::path::Path) -> Self {
        Self {
            socket: state.join(SOCKET_NAME),
        }
    }

    /// How the room is; `None` if it does not answer.
    pub async fn look(&self) -> Option<Look> {
        match self.ask(Request::Status {}).await {
            Some(Reply::Status(status)) => Some(look(&status)),
            _ => None,
        }
    }

    /// The meetings that are not over; `None` if it does not answer.
    pub async fn meetings(&self) -> Option<Vec<Appointment>> {
        let Some(Reply::Meetings(lines)) = self.ask(Request::Meetings {}).await else {
            return None;
        };
        Some(lines.iter().map(appointment).collect())
    }

    /// Lets the daemon read its configuration again.
    pub async fn reload(&self) -> Reload {
        match self.ask(Request::Reload {}).await {
            Some(Reply::Done {}) => Reload::Taken,
            Some(Reply::Error(refused)) if refused.code == ErrorCode::ConfigRefused => {
                Reload::Refused(refused.message)
            }
            Some(Reply::Error(refused)) => {
                Reload::Refused(format!("saald is of another release: {refused}"))
            }
            _ => Reload::Silent,
        }
    }

    /// Says on the panel that nobody has claimed the device; `None`: somebody has.
    pub async fn show_enrolment(&self, status: Option<EnrolmentStatus>) {
        // Where nobody listens nobody looks either; it is said again.
        let _ = self.ask(Request::Enrolment { status }).await;
    }

    /// Says on the panel why the device can't prove who it is; `None`: it can.
    pub async fn show_device_key(&self, problem: Option<KeyProblem>) {
        // As above.
        let _ = self.ask(Request::DeviceKey { problem }).await;
    }

    /// Says on the panel which other rooms could have the next meeting.
    pub async fn show_other_rooms(&self, rooms: Vec<FreeRoom>) {
        let rooms = rooms.into_iter().map(|room| OtherRoom {
            name: room.name,
            until: room.until.and_then(|at| Timestamp::from_second(at).ok()),
        });
        let rooms = rooms.collect();
        // It is said again while it is so.
        let _ = self.ask(Request::OtherRooms { rooms }).await;
    }

    /// Says what somebody wants who helps; whether it was taken in.
    pub async fn help(&self, wanted: HelpWanted) -> bool {
        let answer = self.ask(Request::Help { wanted }).await;
        matches!(answer, Some(Reply::Done {}))
    }

    /// How a help stands, with the panel's picture if it is another one than was seen; `None` if it does not answer.
    pub async fn help_stands(&self, number: u64, seen: u64) -> Option<HelpStatus> {
        match self.ask(Request::HelpStands { number, seen }).await {
            Some(Reply::Help(status)) => Some(*status),
            _ => None,
        }
    }

    async fn ask(&self, request: Request) -> Option<Reply> {
        let asked = timeout(PATIENCE, self.exchange(Question::new(request).to_line()));
        let line = match asked.await {
            Ok(Ok(line)) => line,
            Ok(Err(error)) => {
                tracing::debug!(socket = %self.socket.display(), %error, "the room's daemon");
                return None;
            }
            Err(_) => return None,
        };
        match Answer::parse(&line) {
            Ok(reply) => Some(reply),
            Err(error) => {
                tracing::warn!(%error, "the room's daemon");
                None
            }
        }
    }

    async fn exchange(&self, question: String) -> io::Result<String> {
        let mut socket = BufReader::new(UnixStream::connect(&self.socket).await?);
        socket.get_mut().write_all(question.as_bytes()).await?;
        let mut line = String::new();
        match socket.read_line(&mut line).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line),
        }
    }
}

/// A meeting that is always there, such as a department's own conference, goes on when somebody is in it.
fn appointment(line: &MeetingLine) -> Appointment {
    Appointment {
        start: line.start,
        under_way: line.under_way && (line.start.is_some() || line.in_call > 0),
    }
}

fn look(status: &Status) -> Look {
    let account = !matches!(status.account, AccountState::Starting);
    Look {
        phase: status.phase.as_str().to_owned(),
        settled: account && status.engine.state == EngineProcess::Ready,
        troubles: status
            .troubles
            .iter()
            .map(|trouble| trouble.code.clone())
            .collect(),
        day: status.day.clone(),
    }
}

/// The same for the server.
#[must_use]
pub fn state(look: &Look) -> RoomState {
    RoomState {
        phase: look.phase.clone(),
        troubles: look.troubles.iter().cloned().collect(),
        ready: look.day.ready,
        taken: look.day.taken.iter().map(span).collect(),
    }
}

/// As the server reads times.
pub(crate) fn span(taken: &TakenTime) -> Span {
    Span {
        from: taken.from.as_second(),
        until: taken.until.as_second(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(start: Option<&str>, in_call: u32) -> MeetingLine {
        let json = serde_json::json!({
            "id": "1", "title": "Daily", "start": start, "end": null, "in_call": in_call, "under_way": true, "can_join": true,
        });
        serde_json::from_value(json).expect("a line of the daemon")
    }

    #[test]
    fn a_meeting_that_is_always_there_goes_on_when_somebody_is_in_it() {
        assert!(!appointment(&line(None, 0)).under_way);
        assert!(appointment(&line(None, 1)).under_way);
        assert!(appointment(&line(Some("2026-11-26T10:00:00Z"), 0)).under_way);
    }
}
