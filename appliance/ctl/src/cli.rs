//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use saal_control::{Arrange, LayoutName, Request};
use saal_media_protocol::{CameraAction, CameraView, Control, SourceKind};
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
    /// Switch the camera on or off, turn it, and save where it looks
    Camera {
        #[command(subcommand)]
        command: CameraCommand,
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
    /// List cameras, microphones, loudspeakers, displays, encoders and decoders, which are chosen and why
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

fn control(name: &str) -> Result<Control, String> {
    let all = Control::ALL.map(Control::as_str).join(", ");
    Control::named(name).ok_or_else(|| format!("no camera has that; there are {all}"))
}

/// What is done with the camera.
#[derive(Debug, Subcommand)]
pub(crate) enum CameraCommand {
    /// Be seen
    On,
    /// Nobody sees the room
    Off,
    /// Show which camera is in use, where it looks, what can be turned, and the saved views
    Show,
    /// Look somewhere else; what is not given stays
    Look {
        /// 0 (wide) to 1000 (narrow)
        #[arg(long, allow_negative_numbers = true)]
        zoom: Option<i32>,
        /// -1000 (left) to 1000 (right)
        #[arg(long, allow_negative_numbers = true)]
        pan: Option<i32>,
        /// -1000 (down) to 1000 (up)
        #[arg(long, allow_negative_numbers = true)]
        tilt: Option<i32>,
    },
    /// Turn something of the camera; `show` lists what and how far
    Set {
        /// As `show` lists it: focus, auto_focus, exposure, …
        #[arg(value_parser = control)]
        control: Control,
        /// In the camera's numbers
        #[arg(allow_negative_numbers = true)]
        value: i32,
    },
    /// Use another camera for this call
    Use {
        /// Its name or id as `devices` lists it
        camera: String,
    },
    /// Look where the camera looked when this view was saved
    Go {
        /// The view's name
        view: String,
    },
    /// Save where the camera looks
    Save {
        /// What the view is called
        view: String,
    },
    /// Forget a saved view
    Forget {
        /// The view's name
        view: String,
    },
}

impl CameraCommand {
    /// What the daemon is asked. `Look` begins at the widest view: what is not given is filled in by who knows it.
    fn request(&self) -> Request {
        let muted = |muted| Request::SetMuted {
            source: SourceKind::Camera,
            muted,
        };
        let action = match self {
            Self::On => return muted(false),
            Self::Off => return muted(true),
            Self::Show => return Request::CameraState {},
            Self::Look { .. } => CameraAction::Look {
                view: self.view(CameraView::default()),
            },
            Self::Set { control, value } => CameraAction::Set {
                control: *control,
                value: *value,
            },
            Self::Use { camera } => CameraAction::Use {
                camera: camera.clone(),
            },
            Self::Go { view } => CameraAction::Go {
                preset: view.clone(),
            },
            Self::Save { view } => CameraAction::Save {
                preset: view.clone(),
            },
            Self::Forget { view } => CameraAction::Forget {
                preset: view.clone(),
            },
        };
        Request::Camera { action }
    }

    /// This view with what is given changed.
    pub(crate) fn view(&self, from: CameraView) -> CameraView {
        match self {
            Self::Look { zoom, pan, tilt } => CameraView {
                zoom: zoom.unwrap_or(from.zoom),
                pan: pan.unwrap_or(from.pan),
                tilt: tilt.unwrap_or(from.tilt),
            },
            _ => from,
        }
    }
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
            Self::Camera { command } => command.request(),
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
