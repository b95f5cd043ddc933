//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use saal_control::{Arrange, LayoutName, Request};
use saal_media_protocol::SourceKind;
use saal_meeting::{AccountAction, MeetingAction, Secret, SignInWay};

/// Where packages keep the daemon's state.
const DEFAULT_STATE: &str = "/var/lib/saal";

/// Looks after the meeting room on this machine.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// The daemon's state folder [default: $SAAL_STATE, else /var/lib/saal]
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show how the room is doing
    Status,
    /// List today's and tomorrow's meetings
    Meetings,
    /// Enter a meeting; `status` tells how it goes on
    Join {
        /// Its id as `meetings` lists it, the beginning of its title, or its link (https://…, matrix:…, #room:server)
        meeting: String,
    },
    /// Give the password that the meeting asks for (read from standard input)
    Password,
    /// Raise the room's hand (on) or take it down
    Hand {
        /// on: the room asks for the floor
        switch: Switch,
    },
    /// Let somebody in from the lobby
    Admit {
        /// As `status --json` lists it
        knocker: String,
    },
    /// End the meeting for everybody
    EndForAll,
    /// Leave the meeting
    Leave,
    /// Take a call to the room; `status` shows who calls
    Answer {
        /// Without being seen
        #[arg(long)]
        unseen: bool,
    },
    /// Do not take a call to the room
    Decline,
    /// Mute the microphone (on) or let the room be heard (off)
    Mute {
        /// on: nobody hears the room
        switch: Switch,
    },
    /// Switch the camera on or off
    Camera {
        /// off: nobody sees the room
        switch: Switch,
    },
    /// Show the others in another way on the television
    Television {
        #[command(subcommand)]
        command: TelevisionCommand,
    },
    /// Look after the room's account
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// List cameras, microphones and loudspeakers, and which are chosen
    Devices,
    /// Try every camera, microphone and loudspeaker of this machine, and say what to do about those that fail; needs no
    /// daemon
    Selftest,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TelevisionCommand {
    /// Choose what is large
    Layout {
        /// grid: all the same, beside what is presented; speaker: who speaks; content: what is presented, alone
        layout: Large,
    },
    /// Show the room its own picture too (on), or only the others
    SelfView {
        /// on: the room sees itself
        switch: Switch,
    },
    /// Turn to a page of many people; `status` tells how many there are
    Page {
        /// From 1
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        number: u32,
    },
}

/// What is large on the television.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Large {
    Grid,
    Speaker,
    Content,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Show the account's recovery key, for a safe place: it restores the account's identity after
    /// a new installation
    RecoveryKey,
    /// Restore the account's identity with its recovery key (read from standard input)
    Recover,
    /// Show how the account is doing, and while it is signed in the address and the code for that
    Show,
    /// Begin to sign the room in (`oauth = true`); `account show` has the code then
    SignIn {
        /// With a device of the account, which scans the panel
        #[arg(long)]
        by_device: bool,
    },
    /// Enter the two digits that the other device shows
    SignInDigits {
        /// 00 to 99
        #[arg(value_parser = clap::value_parser!(u8).range(0..100))]
        digits: u8,
    },
    /// Sign the room in no more
    CancelSignIn,
}

impl Cli {
    /// The daemon's state folder.
    pub(crate) fn state(&self) -> PathBuf {
        let named = self.state.clone();
        let named = named.or_else(|| std::env::var_os("SAAL_STATE").map(PathBuf::from));
        named.unwrap_or_else(|| DEFAULT_STATE.into())
    }
}

impl Command {
    /// What the daemon is asked; `Join` names the meeting as it was typed, `Password` and
    /// `Recover` are still empty.
    pub(crate) fn request(&self) -> Request {
        match self {
            Self::Status => Request::Status {},
            Self::Meetings => Request::Meetings {},
            Self::Join { meeting } => Request::Join {
                meeting: saal_meeting::MeetingId(meeting.clone()),
            },
            Self::Password => Request::GivePassword {
                password: Secret::new(String::new()),
            },
            Self::Hand { switch } => act(MeetingAction::RaiseHand {
                raised: *switch == Switch::On,
            }),
            Self::Admit { knocker } => act(MeetingAction::Admit {
                knocker: knocker.clone(),
            }),
            Self::EndForAll => act(MeetingAction::EndForAll),
            Self::Leave => Request::Leave {},
            Self::Answer { unseen } => Request::Answer { camera: !unseen },
            Self::Decline => Request::Decline {},
            Self::Mute { switch } => Request::SetMuted {
                source: SourceKind::Microphone,
                muted: *switch == Switch::On,
            },
            Self::Camera { switch } => Request::SetMuted {
                source: SourceKind::Camera,
                muted: *switch == Switch::Off,
            },
            Self::Television { command } => Request::Arrange { how: command.how() },
            Self::Account { command } => command.request(),
            // The self test asks the devices and not the daemon; what the daemon knows of them is nearest.
            Self::Devices | Self::Selftest => Request::Devices {},
        }
    }
}

impl TelevisionCommand {
    fn how(&self) -> Arrange {
        match self {
            Self::Layout { layout } => Arrange::Layout(match layout {
                Large::Grid => LayoutName::Grid,
                Large::Speaker => LayoutName::Speaker,
                Large::Content => LayoutName::Content,
            }),
            Self::SelfView { switch } => Arrange::SelfView(*switch == Switch::On),
            Self::Page { number } => {
                Arrange::Page(usize::try_from(number - 1).unwrap_or(usize::MAX))
            }
        }
    }
}

impl AccountCommand {
    /// As [`Command::request`].
    fn request(&self) -> Request {
        let action = match self {
            Self::RecoveryKey => return Request::RecoveryKey {},
            Self::Recover => return recover(Secret::new(String::new())),
            Self::Show => return Request::Status {},
            Self::SignIn { by_device: false } => AccountAction::SignIn {
                way: SignInWay::Code,
            },
            Self::SignIn { by_device: true } => AccountAction::SignIn {
                way: SignInWay::Device,
            },
            Self::SignInDigits { digits } => AccountAction::SignInDigits { digits: *digits },
            Self::CancelSignIn => AccountAction::CancelSignIn,
        };
        Request::Account { action }
    }
}

/// Opens the account's identity.
pub(crate) fn recover(key: Secret) -> Request {
    Request::Account {
        action: AccountAction::Recover { key },
    }
}

fn act(action: MeetingAction) -> Request {
    Request::Act { action }
}
