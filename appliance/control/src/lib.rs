//! The protocol of the daemon's control socket, shared by `saald` and `saalctl`.
//!
//! The socket is a Unix stream socket, `control.sock` in the daemon's state folder. A client
//! writes one JSON document a line and gets one a line back, in the same order:
//!
//! ```text
//! -> {"version":1,"request":{"set_muted":{"source":"microphone","muted":true}}}
//! <- {"version":1,"reply":{"done":{}}}
//! -> {"version":1,"request":{"join":{"meeting":"!nowhere:example.org/now"}}}
//! <- {"version":1,"error":{"code":"not_found","message":"there is no such meeting"}}
//! ```
//! Both ends are strict: unknown fields and other versions are refused, never guessed at.

mod answer;
mod help;
mod question;
mod status;

pub use answer::{Answer, AnswerError, ErrorCode, Refused, Reply};
pub use help::{HelpState, HelpStatus, NumberedPicture};
pub use question::{
    Arrange, EnrolmentStatus, OtherRoom, PanelAction, Question, Request, SystemRequest, Taps,
};
pub use status::{
    CalendarLine, CallStatus, CameraReport, CecReport, ChosenDevices, DayStatus, Devices,
    EngineProcess, EngineStatus, LayoutName, LookedAt, MeetingLine, MutedSources, Obstacle,
    OnlookerStatus, PhaseName, Prepared, SoundReport, Status, TakenTime, TelevisionStatus,
    TroubleLine,
};

/// Version of this protocol. Daemon and client come from one image, so another one is a fault.
pub const VERSION: u32 = 1;

/// The socket's name in the daemon's state folder.
pub const SOCKET_NAME: &str = "control.sock";
