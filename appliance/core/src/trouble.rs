//! What is wrong, for people: sorted by how much it hurts, each at most once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::KeyProblem;
use saal_media_protocol::{DeviceUse, MediaTrouble};
use saal_meeting::{AccountState, EndReason, IdentityState, SignIn, SignInProblem};

use crate::{CalendarProblem, OtherRoom, Part};

/// How much it hurts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Meetings are not possible.
    Blocking,
    /// Something is missing in meetings.
    Limiting,
    /// Good to know.
    Notice,
}

/// Identity of a trouble; a new one of the same code replaces the old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleCode {
    /// See [`Trouble::Enrolment`].
    Enrolment,
    /// See [`Trouble::SignedOut`].
    SignedOut,
    /// See [`Trouble::Removed`].
    Removed,
    /// See [`Trouble::SignInNeeded`].
    SignInNeeded,
    /// See [`Trouble::Unreachable`].
    Unreachable,
    /// See [`Trouble::Untrusted`].
    Untrusted,
    /// See [`Trouble::EngineFailing`].
    EngineFailing,
    /// See [`Trouble::Store`].
    Store,
    /// See [`Trouble::Identity`].
    Identity,
    /// See [`Trouble::JoinFailed`].
    JoinFailed,
    /// See [`Trouble::SocketBlocked`].
    SocketBlocked,
    /// See [`Trouble::Device`].
    Device(DeviceUse),
    /// See [`Trouble::Voice`].
    Voice,
    /// See [`Trouble::CallNotSaved`].
    CallNotSaved,
    /// See [`Trouble::DeviceKey`].
    DeviceKey,
    /// See [`Trouble::ConfigRefused`].
    ConfigRefused,
    /// See [`Trouble::AuthorityOver`].
    AuthorityOver,
    /// See [`Trouble::CalendarUnreachable`].
    CalendarUnreachable,
    /// See [`Trouble::Calendar`].
    Calendar,
    /// See [`Trouble::Signage`].
    Signage,
    /// See [`Trouble::NotInCalendar`].
    NotInCalendar,
    /// See [`Trouble::Encoder`].
    Encoder,
    /// See [`Trouble::NotReady`].
    NotReady(Part),
    /// See [`Trouble::OtherRoom`].
    OtherRoom,
}

impl TroubleCode {
    /// As in status output and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enrolment => "enrolment",
            Self::SignedOut => "signed_out",
            Self::Removed => "device_removed",
            Self::SignInNeeded => "sign_in_needed",
            Self::Unreachable => "homeserver_unreachable",
            Self::Untrusted => "homeserver_untrusted",
            Self::EngineFailing => "engine_failing",
            Self::Store => "store_failed",
            Self::Identity => "identity",
            Self::JoinFailed => "join_failed",
            Self::SocketBlocked => "socket_blocked",
            Self::Device(DeviceUse::Camera) => "camera",
            Self::Device(DeviceUse::Microphone) => "microphone",
            Self::Device(DeviceUse::Loudspeaker) => "loudspeaker",
            Self::Device(DeviceUse::Content) => "content",
            Self::Device(DeviceUse::Display) => "display",
            Self::Device(DeviceUse::ContentDisplay) => "content_display",
            Self::Voice => "voice",
            Self::CallNotSaved => "call_not_saved",
            Self::DeviceKey => "device_key",
            Self::ConfigRefused => "config_refused",
            Self::AuthorityOver => "authority_over",
            Self::CalendarUnreachable => "calendar_unreachable",
            Self::Calendar => "calendar",
            Self::Signage => "signage",
            Self::NotInCalendar => "not_in_calendar",
            Self::Encoder => "encoder",
            Self::NotReady(Part::Camera) => "not_ready_camera",
            Self::NotReady(Part::Microphone) => "not_ready_microphone",
            Self::NotReady(Part::Display) => "not_ready_display",
            Self::NotReady(Part::Network) => "not_ready_network",
            Self::NotReady(Part::Names) => "not_ready_names",
            Self::NotReady(Part::Server) => "not_ready_server",
            Self::NotReady(Part::Sockets) => "not_ready_sockets",
            Self::NotReady(Part::Account) => "not_ready_account",
            Self::NotReady(Part::Media) => "not_ready_media",
            Self::NotReady(Part::Datagrams) => "not_ready_datagrams",
            Self::NotReady(Part::Disk) => "not_ready_disk",
            Self::NotReady(Part::Clock) => "not_ready_clock",
            Self::OtherRoom => "other_room",
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Somebody has to claim the device for its fleet.
    Enrolment {
        /// The fleet's server; empty while none is found.
        server: String,
        /// What somebody types there; `None` while the server is not reached.
        code: Option<String>,
    },
    /// The server refuses the room's credentials.
    SignedOut {
        /// Which server.
        server: String,
    },
    /// Somebody removed the room's device from its account.
    Removed {
        /// Which server.
        server: String,
    },
    /// Somebody has to sign the room in.
    SignInNeeded {
        /// Which server.
        server: String,
        /// What became of it last.
        problem: Option<SignInProblem>,
        /// Somebody is at it.
        under_way: bool,
    },
    /// The server does not answer.
    Unreachable {
        /// Which server.
        server: String,
        /// When what is shown of its rooms was so; `None`: nothing of them is known.
        known: Option<Timestamp>,
    },
    /// The server's certificate is not trusted, or not meant for it.
    Untrusted {
        /// Which server.
        server: String,
        /// When what is shown of its rooms was so; `None`: nothing of them is known.
        known: Option<Timestamp>,
    },
    /// Picture and sound fail again and again.
    EngineFailing,
    /// The account's memory can't be written.
    Store {
        /// Where.
        path: String,
        /// The disk is full.
        full: bool,
    },
    /// Others can't know the room's device: encrypted meetings won't work.
    Identity(IdentityState),
    /// The meeting was not entered, or ended by itself.
    JoinFailed {
        /// Which meeting.
        title: String,
        /// Why.
        reason: EndReason,
    },
    /// The network lets a connection of the room's meeting not through.
    SocketBlocked {
        /// Where it leads.
        server: String,
        /// Without it the room is not in the meeting; otherwise pictures are wrong.
        needed: bool,
    },
    /// A device can't be used.
    Device(MediaTrouble),
    /// The spoken panel can't be heard: what makes sound of words is missing or does not work.
    Voice,
    /// A restart would not find back into the call.
    CallNotSaved {
        /// Where.
        path: String,
    },
    /// The device can't prove to its fleet who it is: what it last had from there stays in use.
    DeviceKey(KeyProblem),
    /// A new configuration was refused; the one before stays.
    ConfigRefused {
        /// Place and problem.
        problem: String,
    },
    /// Authorities that the configuration names are over: servers that only they vouch for are not trusted.
    AuthorityOver {
        /// At least one.
        names: Vec<String>,
    },
    /// Calendars can't be asked; what they said before is shown.
    CalendarUnreachable {
        /// At least one.
        names: Vec<String>,
        /// When what is shown was so, of the one that is known least; `None`: one is not known at all.
        at: Option<Timestamp>,
    },
    /// Entries of the calendar can't be read.
    Calendar {
        /// At least one.
        problems: Vec<CalendarProblem>,
    },
    /// Pictures for the television can't be shown.
    Signage {
        /// Each with its file, at least one.
        problems: Vec<String>,
    },
    /// The calendar did not take what people did here about the room's time.
    NotInCalendar,
    /// What encodes the room's picture in hardware failed in a call; a program does it since.
    Encoder {
        /// Its name in GStreamer, for IT.
        name: String,
    },
    /// The next meeting can't be held as it should here, and these rooms are free.
    OtherRoom {
        /// The nearest first, at least one.
        rooms: Vec<OtherRoom>,
    },
    /// A part that meetings need did not do its work when the room tried it.
    NotReady {
        /// Which.
        part: Part,
        /// For the log.
        reason: String,
    },
}

impl Trouble {
    /// Its identity.
    #[must_use]
    pub fn code(&self) -> TroubleCode {
        match self {
            Self::Enrolment { .. } => TroubleCode::Enrolment,
            Self::SignedOut { .. } => TroubleCode::SignedOut,
            Self::Removed { .. } => TroubleCode::Removed,
            Self::SignInNeeded { .. } => TroubleCode::SignInNeeded,
            Self::Unreachable { .. } => TroubleCode::Unreachable,
            Self::Untrusted { .. } => TroubleCode::Untrusted,
            Self::EngineFailing => TroubleCode::EngineFailing,
            Self::Store { .. } => TroubleCode::Store,
            Self::Identity(_) => TroubleCode::Identity,
            Self::JoinFailed { .. } => TroubleCode::JoinFailed,
            Self::SocketBlocked { .. } => TroubleCode::SocketBlocked,
            Self::Device(trouble) => TroubleCode::Device(trouble.source()),
            Self::Voice => TroubleCode::Voice,
            Self::CallNotSaved { .. } => TroubleCode::CallNotSaved,
            Self::DeviceKey(_) => TroubleCode::DeviceKey,
            Self::ConfigRefused { .. } => TroubleCode::ConfigRefused,
            Self::AuthorityOver { .. } => TroubleCode::AuthorityOver,
            Self::CalendarUnreachable { .. } => TroubleCode::CalendarUnreachable,
            Self::Calendar { .. } => TroubleCode::Calendar,
            Self::Signage { .. } => TroubleCode::Signage,
            Self::NotInCalendar => TroubleCode::NotInCalendar,
            Self::Encoder { .. } => TroubleCode::Encoder,
            Self::NotReady { part, .. } => TroubleCode::NotReady(*part),
            Self::OtherRoom { .. } => TroubleCode::OtherRoom,
        }
    }

    /// How much it hurts.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Enrolment { .. }
            | Self::SignedOut { .. }
            | Self::Removed { .. }
            | Self::SignInNeeded { .. }
            | Self::Unreachable { .. }
            | Self::Untrusted { .. }
            | Self::EngineFailing => Severity::Blocking,
            // The meeting works.
            Self::NotReady {
                part: Part::Datagrams,
                ..
            } => Severity::Notice,
            Self::Store { .. }
            | Self::Identity(_)
            | Self::JoinFailed { .. }
            | Self::SocketBlocked { .. }
            | Self::Device(_)
            | Self::Voice
            | Self::NotReady { .. } => Severity::Limiting,
            Self::CallNotSaved { .. }
            | Self::DeviceKey(_)
            | Self::ConfigRefused { .. }
            | Self::AuthorityOver { .. }
            | Self::CalendarUnreachable { .. }
            | Self::Calendar { .. }
            | Self::Signage { .. }
            | Self::NotInCalendar
            | Self::OtherRoom { .. }
            | Self::Encoder { .. } => Severity::Notice,
        }
    }

    /// This device of the room does not do its work: its camera shows nothing, its microphone hears nothing.
    #[must_use]
    pub fn is_about(&self, device: DeviceUse) -> bool {
        match self {
            Self::NotReady { part, .. } => match part {
                Part::Camera => device == DeviceUse::Camera,
                Part::Microphone => device == DeviceUse::Microphone,
                _ => false,
            },
            // Where another one does its work already, the meeting has what it needs.
            Self::Device(MediaTrouble::Replaced { .. }) => false,
            Self::Device(trouble) => trouble.source() == device,
            _ => false,
        }
    }

    /// Whether "I have read it" removes it; the others go when they are mended.
    #[must_use]
    pub fn is_dismissable(&self) -> bool {
        matches!(self, Self::JoinFailed { .. } | Self::NotInCalendar)
    }
}

/// All that is wrong now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Troubles(BTreeMap<TroubleCode, Trouble>);

impl Troubles {
    /// Worst first, but for another room, which is the second at the latest; codes are declared in the order of their weight too.
    pub(crate) fn sorted(&self) -> Vec<&Trouble> {
        let mut all: Vec<&Trouble> = self.0.values().collect();
        all.sort_by_key(|trouble| trouble.severity());
        // A panel shows two: what helps comes right after what is worst.
        let helps = |trouble: &&Trouble| matches!(trouble, Trouble::OtherRoom { .. });
        if let Some(at) = all.iter().position(helps).filter(|at| *at > 1) {
            let helping = all.remove(at);
            all.insert(1, helping);
        }
        all
    }

    /// True when that is news.
    pub(crate) fn raise(&mut self, trouble: Trouble) -> bool {
        self.0.insert(trouble.code(), trouble.clone()) != Some(trouble)
    }

    pub(crate) fn get(&self, code: TroubleCode) -> Option<&Trouble> {
        self.0.get(&code)
    }

    pub(crate) fn clear(&mut self, code: TroubleCode) -> bool {
        self.0.remove(&code).is_some()
    }

    pub(crate) fn dismiss(&mut self, code: TroubleCode) -> bool {
        let dismissable = self.0.get(&code).is_some_and(Trouble::is_dismissable);
        dismissable && self.clear(code)
    }

    /// Raises or clears what the identity's state says.
    pub(crate) fn follow_identity(&mut self, state: IdentityState) -> bool {
        match state {
            IdentityState::Unknown | IdentityState::Verified => self.clear(TroubleCode::Identity),
            IdentityState::RecoveryKeyNeeded { .. }
            | IdentityState::ResetNeeded
            | IdentityState::KeysLost => self.raise(Trouble::Identity(state)),
        }
    }

    /// What was said of its connection no longer holds.
    pub(crate) fn clear_account(&mut self) -> bool {
        [
            TroubleCode::Unreachable,
            TroubleCode::Untrusted,
            TroubleCode::SignedOut,
            TroubleCode::Removed,
            TroubleCode::SignInNeeded,
        ]
        .into_iter()
        .fold(false, |cleared, code| self.clear(code) | cleared)
    }

    /// What is shown of the rooms of a server that is away was so then.
    pub(crate) fn rooms_known(&mut self, at: Timestamp) -> bool {
        let codes = [TroubleCode::Unreachable, TroubleCode::Untrusted];
        codes.into_iter().fold(false, |news, code| {
            let Some(Trouble::Unreachable { known, .. } | Trouble::Untrusted { known, .. }) =
                self.0.get_mut(&code)
            else {
                return news;
            };
            (known.replace(at) != Some(at)) | news
        })
    }

    /// Raises what the account's state says and clears what it disproves.
    pub(crate) fn follow_account(
        &mut self,
        account: &AccountState,
        known: Option<Timestamp>,
    ) -> bool {
        match account {
            AccountState::Starting | AccountState::Unused => false,
            AccountState::Online { .. } => self.clear_account(),
            AccountState::Unreachable { server, .. } => {
                let server = server.clone();
                // What is said of a server that is not there comes after a sign-in.
                self.clear(TroubleCode::SignInNeeded)
                    | self.clear(TroubleCode::Untrusted)
                    | self.raise(Trouble::Unreachable { server, known })
            }
            AccountState::Untrusted { server, .. } => {
                let server = server.clone();
                self.clear(TroubleCode::SignInNeeded)
                    | self.clear(TroubleCode::Unreachable)
                    | self.raise(Trouble::Untrusted { server, known })
            }
            AccountState::SignedOut { server, .. } => {
                let server = server.clone();
                self.clear_account() | self.raise(Trouble::SignedOut { server })
            }
            AccountState::Removed { server, .. } => {
                let server = server.clone();
                self.clear_account() | self.raise(Trouble::Removed { server })
            }
            AccountState::SigningIn { server, sign_in } => {
                self.clear_account() | self.raise(sign_in_needed(server, sign_in))
            }
            AccountState::StoreFailed { path, full, .. } => self.raise(Trouble::Store {
                path: path.clone(),
                full: *full,
            }),
        }
    }
}

fn sign_in_needed(server: &str, sign_in: &SignIn) -> Trouble {
    let (problem, under_way) = match sign_in {
        SignIn::Needed { problem } => (problem.clone(), false),
        _ => (None, true),
    };
    Trouble::SignInNeeded {
        server: server.to_owned(),
        problem,
        under_way,
    }
}
