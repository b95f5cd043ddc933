//! What can be typed.

mod camera;
mod sound;

use std::{num::NonZeroU16, path::PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use saal_control::{Arrange, LayoutName, PanelAction, Request, SystemRequest, Taps};
use saal_hal::{KeyName, Modifiers};
use saal_media_protocol::SourceKind;
use saal_meeting::{
    AccountAction, BookingSpan, DayAction, MeetingAction, MeetingId, Secret, SignInWay,
};

pub(crate) use self::{camera::CameraCommand, sound::SoundCommand};
use crate::provision::Provision;

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
        /// Another of its places, as `meetings` lists it [default: the likeliest]
        #[arg(long = "at")]
        place: Option<String>,
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
    /// Take the room from now on, in its calendar
    Book {
        /// For how many minutes
        #[arg(required_unless_present = "until_next")]
        minutes: Option<NonZeroU16>,
        /// Until the next meeting that needs the room
        #[arg(long, conflicts_with = "minutes")]
        until_next: bool,
    },
    /// Keep the room longer
    Extend {
        /// By how many minutes
        #[arg(required_unless_present = "until_next")]
        minutes: Option<NonZeroU16>,
        /// Until the next meeting that needs the room
        #[arg(long, conflicts_with = "minutes")]
        until_next: bool,
        /// Its id or the beginning of its title, as `meetings` lists it [default: the one under way]
        #[arg(long)]
        meeting: Option<String>,
    },
    /// Say that people have come, so that the room stays theirs
    CheckIn {
        /// Its id or the beginning of its title [default: the one under way, else the next]
        meeting: Option<String>,
    },
    /// Give the room back to others: nobody comes
    Release {
        /// Its id or the beginning of its title [default: the one under way, else the next]
        meeting: Option<String>,
    },
    /// Give the room back: the meeting is over, its call too
    End {
        /// Its id or the beginning of its title [default: the one under way]
        meeting: Option<String>,
    },
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
    /// Set how loud the others are
    Volume {
        /// 0 to 100
        #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
        percent: u8,
    },
    /// Switch the camera on or off, turn it, and save where it looks
    Camera {
        #[command(subcommand)]
        command: CameraCommand,
    },
    /// Choose microphone and loudspeaker
    Sound {
        #[command(subcommand)]
        command: SoundCommand,
    },
    /// Show the others in another way on the television
    Television {
        #[command(subcommand)]
        command: TelevisionCommand,
    },
    /// Look at the panel, or work it, from a script
    Panel {
        #[command(subcommand)]
        command: PanelCommand,
    },
    /// Look after the room's account
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// List cameras, microphones, loudspeakers, displays, encoders and decoders, which are chosen and why
    Devices,
    /// Start the room's computer anew; the room leaves its meeting first
    Restart,
    /// Have the room's computer be as it came from the factory: the room's account with its keys, its place in the fleet and
    /// everything else that it remembers is lost. Asks before it does
    FactoryReset {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Try every camera, microphone and loudspeaker of this machine, and say what to do about those that fail; needs no
    /// daemon
    Selftest,
    /// Tell an image, before or after it is flashed, which fleet its room belongs to, or give it a whole configuration; needs
    /// no daemon
    Provision(Box<Provision>),
    /// List what a configuration lets the network reach, one line each, as a firewall takes it; needs no daemon
    Ports {
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = "/etc/saal/saal.toml")]
        config: PathBuf,
    },
    /// Ask for the factory state if Ctrl is held for ten seconds and let go then; the room's start runs this
    #[command(hide = true)]
    ResetKey {
        /// Where the computer looks for what the room asks
        #[arg(long, value_name = "DIR", default_value = "/run/saal/requests")]
        requests: PathBuf,
    },
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

#[derive(Debug, Subcommand)]
pub(crate) enum PanelCommand {
    /// Tap it
    Touch {
        /// Pixels from the left edge
        x: i32,
        /// Pixels from the top edge
        y: i32,
        /// Tap twice, which does what the spoken panel said last
        #[arg(long)]
        twice: bool,
    },
    /// Press a key and let it go
    Key {
        /// As the web names keys: Tab, Enter, Escape, ArrowLeft, F5, or one character (" " is the space bar)
        name: KeyName,
        /// With Shift held
        #[arg(long)]
        shift: bool,
        /// With Control held
        #[arg(long)]
        ctrl: bool,
        /// With Alt held
        #[arg(long)]
        alt: bool,
    },
    /// Show what stands on it, as JSON: roles, labels and states, what is focused, what was said last
    Tree,
    /// Write how it looks
    Picture {
        /// A PNG file to write
        file: PathBuf,
    },
}

impl PanelCommand {
    fn action(&self) -> PanelAction {
        match *self {
            Self::Touch { x, y, twice } => PanelAction::Touch {
                x,
                y,
                taps: if twice { Taps::Two } else { Taps::One },
            },
            Self::Key {
                name: key,
                shift,
                ctrl,
                alt,
            } => PanelAction::Key {
                key,
                modifiers: Modifiers { shift, ctrl, alt },
            },
            Self::Tree => PanelAction::Tree {},
            Self::Picture { .. } => PanelAction::Picture {},
        }
    }
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
    /// What the daemon is asked; `Join` names the meeting as it was typed, what is about a meeting's time asks for the
    /// meetings first, `Password` and
    /// `Recover` are still empty.
    pub(crate) fn request(&self) -> Request {
        match self {
            Self::Status => Request::Status {},
            Self::Meetings => Request::Meetings {},
            Self::Join { meeting, place } => Request::Join {
                meeting: saal_meeting::MeetingId(meeting.clone()),
                place: place.clone(),
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
            Self::Book {
                minutes,
                until_next: _,
            } => day(DayAction::Book {
                span: span(*minutes),
            }),
            Self::Extend { .. }
            | Self::CheckIn { .. }
            | Self::Release { .. }
            | Self::End { .. } => Request::Meetings {},
            Self::Leave => Request::Leave {},
            Self::Answer { unseen } => Request::Answer { camera: !unseen },
            Self::Decline => Request::Decline {},
            Self::Mute { switch } => Request::SetMuted {
                source: SourceKind::Microphone,
                muted: *switch == Switch::On,
            },
            Self::Volume { percent } => Request::SetVolume { percent: *percent },
            Self::Camera { command } => command.request(),
            Self::Sound { command } => command.request(),
            Self::Television { command } => Request::Arrange { how: command.how() },
            Self::Panel { command } => Request::Panel {
                action: command.action(),
            },
            Self::Account { command } => command.request(),
            Self::Restart => Request::System {
                request: SystemRequest::Restart,
            },
            Self::FactoryReset { .. } => Request::System {
                request: SystemRequest::FactoryReset,
            },
            // The self test asks the devices and not the daemon; what the daemon knows of them is nearest.
            Self::Devices
            | Self::Selftest
            | Self::Ports { .. }
            | Self::ResetKey { .. }
            | Self::Provision(_) => Request::Devices {},
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

fn day(action: DayAction) -> Request {
    Request::Day { action }
}

fn span(minutes: Option<NonZeroU16>) -> BookingSpan {
    minutes.map_or(BookingSpan::UntilNext, BookingSpan::Minutes)
}

impl Command {
    /// Which meeting's time it is about, as it was typed; `None`: it is about no meeting's.
    pub(crate) fn about_time_of(&self) -> Option<Option<&str>> {
        match self {
            Self::Extend { meeting, .. }
            | Self::CheckIn { meeting }
            | Self::Release { meeting }
            | Self::End { meeting } => Some(meeting.as_deref()),
            _ => None,
        }
    }

    /// What is asked about the time of this meeting.
    pub(crate) fn with_time_of(&self, meeting: MeetingId) -> Request {
        day(match self {
            Self::Extend { minutes, .. } => DayAction::Extend {
                meeting,
                span: span(*minutes),
            },
            Self::CheckIn { .. } => DayAction::CheckIn { meeting },
            Self::Release { .. } => DayAction::Release { meeting },
            _ => DayAction::End { meeting },
        })
    }
}

fn act(action: MeetingAction) -> Request {
    Request::Act { action }
}
