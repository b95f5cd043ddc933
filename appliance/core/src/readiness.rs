//! Whether the room is ready for a meeting: what is tried, and what is made of the answers.

use std::collections::BTreeMap;

use saal_media_protocol::{CameraCheck, DeviceReport, DisplayCheck, MicrophoneCheck};
use saal_meeting::{Destination, MediaWay, SocketWay};

/// A part of the room that a meeting needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// It delivers moving pictures.
    Camera,
    /// It hears.
    Microphone,
    /// The television is connected.
    Display,
    /// A network with a way out.
    Network,
    /// Names of servers lead to addresses.
    Names,
    /// The meeting's own server answers.
    Server,
    /// Connections to it that stay open (WebSocket) get through.
    Sockets,
    /// It takes the login that the room has there.
    Account,
    /// Picture and sound would get to it and back.
    Media,
    /// As datagrams (UDP): otherwise they come late, and stand still where the network loses something.
    Datagrams,
    /// There is room on the disk.
    Disk,
    /// The clock is right.
    Clock,
}

impl Part {
    /// All, in the order in which one depends on the other.
    pub const ALL: [Self; 12] = [
        Self::Camera,
        Self::Microphone,
        Self::Display,
        Self::Network,
        Self::Names,
        Self::Server,
        Self::Sockets,
        Self::Account,
        Self::Media,
        Self::Datagrams,
        Self::Disk,
        Self::Clock,
    ];

    /// People can't see, hear or reach the others without it.
    #[must_use]
    pub fn is_needed(self) -> bool {
        !matches!(self, Self::Datagrams | Self::Disk | Self::Clock)
    }
}

/// What a trial of a part said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It does what a meeting needs.
    Good,
    /// It does not.
    Bad {
        /// For the log.
        reason: String,
    },
}

/// What the daemon is to try. Neither picture nor sound is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkup {
    /// Comes back with the answer.
    pub number: u64,
    /// Where the meeting is; `None`: no meeting is near.
    pub place: Option<Destination>,
}

/// What the trial of picture's and sound's way said, by part; one that the service did not allow says nothing, but where it
/// refused the room's login.
pub(crate) fn of_way(way: MediaWay) -> BTreeMap<Part, Finding> {
    let (media, datagrams) = match way {
        MediaWay::Datagrams => (Finding::Good, Finding::Good),
        MediaWay::Streams { reason } => (Finding::Good, Finding::Bad { reason }),
        // One of the two is enough to say.
        MediaWay::Nowhere { reason } => (Finding::Bad { reason }, Finding::Good),
        MediaWay::Refused { reason } => {
            return BTreeMap::from([(Part::Account, Finding::Bad { reason })]);
        }
        MediaWay::Unknown { .. } => return BTreeMap::new(),
    };
    BTreeMap::from([
        (Part::Account, Finding::Good),
        (Part::Media, media),
        (Part::Datagrams, datagrams),
    ])
}

/// What the trial of connections that stay open said.
pub(crate) fn of_sockets(way: SocketWay) -> BTreeMap<Part, Finding> {
    let finding = match way {
        SocketWay::Through => Finding::Good,
        SocketWay::Blocked { server, reason, .. } => Finding::Bad {
            reason: format!("{server}: {reason}"),
        },
    };
    BTreeMap::from([(Part::Sockets, finding)])
}

/// What the devices said, by part; one that the room does not have says nothing, nor does a microphone to which nothing was
/// played, unless it was `heard` that it hears people.
pub(crate) fn of_devices(report: &DeviceReport, heard: bool) -> BTreeMap<Part, Finding> {
    let bad = |reason: &str| Finding::Bad {
        reason: reason.to_owned(),
    };
    let camera = match report.camera {
        CameraCheck::Unused => None,
        CameraCheck::Moving => Some(Finding::Good),
        CameraCheck::Still => Some(bad("all its pictures are the same")),
        CameraCheck::NoPictures => Some(bad("it delivers no pictures")),
    };
    let microphone = match report.microphone {
        MicrophoneCheck::Unused => None,
        MicrophoneCheck::Hears => Some(Finding::Good),
        MicrophoneCheck::Sounds => heard.then_some(Finding::Good),
        MicrophoneCheck::Deaf => Some(bad("it does not hear what the loudspeaker plays")),
        MicrophoneCheck::Silent => Some(bad("it delivers no sound")),
    };
    let display = match report.display {
        DisplayCheck::Unused => None,
        DisplayCheck::Connected => Some(Finding::Good),
        DisplayCheck::Missing => Some(bad("it is not connected")),
    };
    let all = [
        (Part::Camera, camera),
        (Part::Microphone, microphone),
        (Part::Display, display),
    ];
    let said = all.into_iter();
    said.filter_map(|(part, finding)| Some((part, finding?)))
        .collect()
}
