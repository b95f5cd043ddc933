//! One vocabulary for every meeting service.
//!
//! The daemon sends [`MeetingCommand`]s to a service and gets [`MeetingEvent`]s back; the core
//! sees all of them but [`CallEvent::Transport`] and [`MeetingCommand::Transport`], which go
//! straight between service and media engine.

mod call;
mod causes;
mod day;
mod link;
mod matrix_room;
mod meeting;
mod ring;
mod sign_in;

pub use call::{
    CallEvent, CallId, Caption, ChatLine, EndReason, JoinStage, Knocker, MediaWay, MeetingState,
    Participant, Poll, ResumeToken, Role, SocketWay, Waiting,
};
pub use causes::has_cause;
pub use day::{BookingSpan, DayAction};
pub use link::{LinkError, LinkTarget};
pub use matrix_room::MatrixRoom;
pub use meeting::{
    Destination, Invitation, Meeting, MeetingId, MeetingLink, NoWay, PartOf, Secret,
};
pub use ring::{Ring, RingId};
pub use sign_in::{SignIn, SignInCode, SignInProblem, SignInWay};

use jiff::Timestamp;
use saal_media_protocol::{Codec, SourceKind, TransportEvent};
use serde::{Deserialize, Serialize};

/// From the daemon to a meeting service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeetingCommand {
    /// Enters a meeting. One call at a time; a second one is refused with `Ended`.
    Join {
        /// The call's number from now on.
        call: CallId,
        /// Which meeting.
        destination: Destination,
        /// What the others are to call the room.
        name: String,
        /// Enter with the microphone on.
        microphone: bool,
        /// Enter with the camera on.
        camera: bool,
        /// What an earlier process of this room left behind when it died in this very call.
        resume: Option<ResumeToken>,
        /// Codecs that the engine can send pictures in.
        encodes: Vec<Codec>,
    },
    /// The engine can send pictures in these codecs now.
    Encodes {
        /// Which call.
        call: CallId,
        /// All of them.
        codecs: Vec<Codec>,
    },
    /// Tells the others that a source is muted; the engine stops it by itself.
    SetMuted {
        /// Which call.
        call: CallId,
        /// Microphone or camera.
        source: SourceKind,
        /// True: nothing leaves the room.
        muted: bool,
    },
    /// Answers [`CallEvent::PasswordNeeded`].
    GivePassword {
        /// Which call.
        call: CallId,
        /// As people typed it.
        password: Secret,
    },
    /// Which pictures the television shows and how large; all others need not be sent.
    Watch {
        /// Which call.
        call: CallId,
        /// Each once.
        pictures: Vec<Watched>,
    },
    /// Something that people in the room, or IT for them, do in the meeting.
    Act {
        /// Which call.
        call: CallId,
        /// What.
        action: MeetingAction,
    },
    /// Finds out, before people come, whether picture and sound would get to the meeting's server and back. Nobody in the
    /// meeting sees it, and nothing of the room leaves it; answered with [`CallEvent::Tried`]. [`Self::Leave`] ends it before that.
    Try {
        /// A number that no call has.
        call: CallId,
        /// Where.
        destination: Destination,
    },
    /// Leaves; `Ended` follows once the others know.
    Leave {
        /// Which call.
        call: CallId,
    },
    /// Does not answer somebody who calls the room; [`MeetingEvent::RingEnded`] follows.
    Decline {
        /// Who.
        ring: RingId,
    },
    /// The engine was restarted: every transport is gone, make new ones.
    MediaRestarted {
        /// Which call.
        call: CallId,
    },
    /// From the media engine.
    Transport {
        /// Which call.
        call: CallId,
        /// What happened.
        event: TransportEvent,
    },
    /// Something about the room's account.
    Account(AccountAction),
}

/// What IT does with the room's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum AccountAction {
    /// Opens the account's identity with its recovery key; answers
    /// [`IdentityState::RecoveryKeyNeeded`].
    Recover {
        /// As it was written down; spaces do not matter.
        key: Secret,
    },
    /// Goes on with a verification that was asked for.
    Verify,
    /// Whether the other device shows the same emoji.
    Compared {
        /// True: the same.
        same: bool,
    },
    /// People compare emoji after all, instead of scanning a code.
    CompareEmoji,
    /// Whether the other device says that it has scanned the code.
    Scanned {
        /// True: it does.
        confirmed: bool,
    },
    /// Ends a verification, or puts away how it ended.
    CloseVerification,
    /// Somebody is there to sign the room in; what was under way begins anew.
    SignIn {
        /// How.
        way: SignInWay,
    },
    /// Nobody signs the room in any more.
    CancelSignIn,
    /// The two digits that the other device shows; answers [`SignIn::Digits`].
    SignInDigits {
        /// 0 to 99.
        digits: u8,
    },
}

impl MeetingCommand {
    /// The call that this is about; `None`: one that is not answered, or the account.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::Decline { .. } | Self::Account(_) => None,
            Self::Join { call, .. }
            | Self::Try { call, .. }
            | Self::Encodes { call, .. }
            | Self::SetMuted { call, .. }
            | Self::GivePassword { call, .. }
            | Self::Watch { call, .. }
            | Self::Act { call, .. }
            | Self::Leave { call }
            | Self::MediaRestarted { call }
            | Self::Transport { call, .. } => Some(*call),
        }
    }
}

/// A picture on the television.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Watched {
    /// Whose.
    pub participant: String,
    /// Camera or content.
    pub source: SourceKind,
    /// Of its tile, in pixels.
    pub height: u32,
}

/// What can be done in a meeting beside muting and leaving. A service that does not know an action
/// leaves it alone; the panel offers only what [`MeetingState`] says is possible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum MeetingAction {
    /// Asks for the floor, or gives it up.
    RaiseHand {
        /// True: up.
        raised: bool,
    },
    /// Shows an emoji to all.
    React {
        /// One of those that the panel offers.
        emoji: String,
    },
    /// Lets somebody in from the lobby.
    Admit {
        /// [`Knocker::id`].
        knocker: String,
    },
    /// Sends somebody in the lobby away.
    Reject {
        /// [`Knocker::id`].
        knocker: String,
    },
    /// Mutes somebody else.
    Mute {
        /// [`Participant::id`].
        participant: String,
        /// Microphone or camera.
        source: SourceKind,
    },
    /// Lets somebody speak whom the meeting's rules keep muted.
    AllowUnmute {
        /// [`Participant::id`].
        participant: String,
        /// Microphone or camera.
        source: SourceKind,
    },
    /// Removes somebody from the meeting.
    Remove {
        /// [`Participant::id`].
        participant: String,
    },
    /// Ends the meeting for everybody.
    EndForAll,
    /// Agrees to a recording or transcription.
    Consent,
    /// Sends telephone tones to a dial-in.
    Dtmf {
        /// `0` to `9`, `*`, `#`, `A` to `D`.
        tones: String,
    },
    /// Writes to the moderators from the lobby.
    LobbyMessage {
        /// As people typed it.
        text: String,
    },
    /// Starts or ends the room's presentation.
    Present {
        /// True: the engine's content source is sent.
        on: bool,
    },
    /// Sends the sound of what the room presents too, or no more; its end is the presentation's at the latest. The room's
    /// own business, not people's.
    PresentSound {
        /// True: what the engine has of it is sent.
        on: bool,
    },
}

/// From a meeting service to the daemon.
#[derive(Clone, Debug, PartialEq)]
pub enum MeetingEvent {
    /// How the room's account is doing.
    Account(AccountState),
    /// Whether others can know the room's device.
    Identity(IdentityState),
    /// Somebody verifies the room; `None`: no longer.
    Verification(Option<Verification>),
    /// All rooms and links the account knows, whenever one changed.
    Invitations(Vec<Invitation>),
    /// What is told of the account's rooms was so then; again while it is in touch with its server.
    RoomsKnown {
        /// When.
        at: Timestamp,
    },
    /// Somebody calls the room.
    Ringing(Ring),
    /// A call to the room is over before it was answered, or it was answered: here or elsewhere.
    RingEnded {
        /// Which.
        ring: RingId,
    },
    /// Something happened in a call.
    Call {
        /// Which call.
        call: CallId,
        /// What.
        event: CallEvent,
    },
}

/// Whether others can know the room's device for the account's own. Devices that their owner did
/// not sign get no keys of encrypted calls (MSC4153).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum IdentityState {
    /// Not known yet, or there is no account.
    Unknown,
    /// The account signed this device.
    Verified,
    /// The account has an identity, which only its recovery key opens for this device.
    RecoveryKeyNeeded {
        /// The last key did not fit.
        wrong: bool,
    },
    /// The account has an identity that no recovery key opens: another device has to verify this
    /// one, or IT resets the identity.
    ResetNeeded,
    /// The device's own keys are lost, and others go by them: it has to be another device.
    KeysLost,
}

/// How far somebody has come who verifies the room: from another device of its account, or another
/// user who may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Verification {
    /// It is asked for.
    Requested {
        /// The other device's name, from outside.
        device: String,
        /// The other user's id; `None`: it is the room's own account.
        user: Option<String>,
    },
    /// The other device scans a code.
    Scan {
        /// What the code says ("QR code format" of the client-server API).
        code: Vec<u8>,
        /// People can compare emoji instead.
        emoji: bool,
    },
    /// Somebody scanned the code: people look whether it was the other device.
    Scanned,
    /// The other device has to do something.
    Waiting,
    /// People compare seven emoji.
    Compare {
        /// Their numbers in the table of the client-server API, 0 to 63.
        emoji: [u8; 7],
    },
    /// It is over.
    Over {
        /// Both sides were content.
        verified: bool,
    },
}

/// How the room's account is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "account")]
pub enum AccountState {
    /// There is none: the room joins by link.
    Unused,
    /// Not tried yet.
    Starting,
    /// In touch with the server.
    Online {
        /// The account's id.
        user: String,
    },
    /// Somebody has to sign the room in, or is at it.
    SigningIn {
        /// Which server.
        server: String,
        /// How far it is.
        sign_in: SignIn,
    },
    /// The server can't be reached; it is tried again by itself.
    Unreachable {
        /// Which server.
        server: String,
        /// For the log.
        reason: String,
    },
    /// The server's certificate is not trusted, or not meant for it; it is tried again by itself.
    Untrusted {
        /// Which server.
        server: String,
        /// For the log.
        reason: String,
    },
    /// The server refuses the credentials: somebody has to give new ones.
    SignedOut {
        /// Which server.
        server: String,
        /// For the log.
        reason: String,
    },
    /// Somebody removed the room's device from the account, or ended its session.
    Removed {
        /// Which server.
        server: String,
        /// For the log.
        reason: String,
    },
    /// What the account has to remember can't be written or read.
    StoreFailed {
        /// Where.
        path: String,
        /// True when the disk is full.
        full: bool,
        /// For the log.
        reason: String,
    },
}
