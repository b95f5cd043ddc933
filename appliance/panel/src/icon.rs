//! The icons in use: Lucide (<https://lucide.dev>, licence ISC), drawn from their font outlines.

use lucide_icons::Icon as Lucide;

/// An icon by what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Icon {
    Room,
    Join,
    People,
    Clock,
    Free,
    Microphone,
    MicrophoneOff,
    Camera,
    CameraOff,
    HangUp,
    Cancel,
    Person,
    Reconnect,
    Presenting,
    Speaking,
    Blocking,
    Limiting,
    Notice,
    Busy,
}

impl Icon {
    pub(crate) fn character(self) -> char {
        char::from(match self {
            Self::Room => Lucide::DoorOpen,
            Self::Join => Lucide::LogIn,
            Self::People => Lucide::UsersRound,
            Self::Clock => Lucide::Clock,
            Self::Free => Lucide::CalendarCheck,
            Self::Microphone => Lucide::Mic,
            Self::MicrophoneOff => Lucide::MicOff,
            Self::Camera => Lucide::Video,
            Self::CameraOff => Lucide::VideoOff,
            Self::Cancel => Lucide::X,
            Self::Person => Lucide::UserRound,
            Self::HangUp => Lucide::PhoneOff,
            Self::Reconnect => Lucide::RefreshCw,
            Self::Presenting => Lucide::MonitorUp,
            Self::Speaking => Lucide::AudioLines,
            Self::Blocking => Lucide::CircleAlert,
            Self::Limiting => Lucide::TriangleAlert,
            Self::Notice => Lucide::Info,
            Self::Busy => Lucide::LoaderCircle,
        })
    }
}
