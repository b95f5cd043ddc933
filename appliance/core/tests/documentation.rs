//! docs/troubles.md explains each trouble.

use saal_core::{Part, TroubleCode};
use saal_media_protocol::DeviceUse;

const PAGE: &str = include_str!("../../../docs/troubles.md");

const ALL: [TroubleCode; 40] = [
    TroubleCode::Enrolment,
    TroubleCode::SignedOut,
    TroubleCode::Removed,
    TroubleCode::SignInNeeded,
    TroubleCode::Unreachable,
    TroubleCode::Untrusted,
    TroubleCode::EngineFailing,
    TroubleCode::Store,
    TroubleCode::Identity,
    TroubleCode::JoinFailed,
    TroubleCode::SocketBlocked,
    TroubleCode::Device(DeviceUse::Camera),
    TroubleCode::Device(DeviceUse::Microphone),
    TroubleCode::Device(DeviceUse::Loudspeaker),
    TroubleCode::Device(DeviceUse::Content),
    TroubleCode::Device(DeviceUse::Display),
    TroubleCode::Device(DeviceUse::ContentDisplay),
    TroubleCode::Voice,
    TroubleCode::CallNotSaved,
    TroubleCode::DeviceKey,
    TroubleCode::ConfigRefused,
    TroubleCode::AuthorityOver,
    TroubleCode::CalendarUnreachable,
    TroubleCode::Calendar,
    TroubleCode::Signage,
    TroubleCode::NotInCalendar,
    TroubleCode::Encoder,
    TroubleCode::NotReady(Part::Camera),
    TroubleCode::NotReady(Part::Microphone),
    TroubleCode::NotReady(Part::Display),
    TroubleCode::NotReady(Part::Network),
    TroubleCode::NotReady(Part::Names),
    TroubleCode::NotReady(Part::Server),
    TroubleCode::NotReady(Part::Sockets),
    TroubleCode::NotReady(Part::Account),
    TroubleCode::NotReady(Part::Media),
    TroubleCode::NotReady(Part::Datagrams),
    TroubleCode::NotReady(Part::Disk),
    TroubleCode::NotReady(Part::Clock),
    TroubleCode::OtherRoom,
];

/// A new code does not compile here until it has a place in `ALL`.
fn place(code: TroubleCode) -> usize {
    match code {
        TroubleCode::Enrolment => 0,
        TroubleCode::SignedOut => 1,
        TroubleCode::Removed => 2,
        TroubleCode::SignInNeeded => 3,
        TroubleCode::Unreachable => 4,
        TroubleCode::Untrusted => 5,
        TroubleCode::EngineFailing => 6,
        TroubleCode::Store => 7,
        TroubleCode::Identity => 8,
        TroubleCode::JoinFailed => 9,
        TroubleCode::SocketBlocked => 10,
        TroubleCode::Device(DeviceUse::Camera) => 11,
        TroubleCode::Device(DeviceUse::Microphone) => 12,
        TroubleCode::Device(DeviceUse::Loudspeaker) => 13,
        TroubleCode::Device(DeviceUse::Content) => 14,
        TroubleCode::Device(DeviceUse::Display) => 15,
        TroubleCode::Device(DeviceUse::ContentDisplay) => 16,
        TroubleCode::Voice => 17,
        TroubleCode::CallNotSaved => 18,
        TroubleCode::DeviceKey => 19,
        TroubleCode::ConfigRefused => 20,
        TroubleCode::AuthorityOver => 21,
        TroubleCode::CalendarUnreachable => 22,
        TroubleCode::Calendar => 23,
        TroubleCode::Signage => 24,
        TroubleCode::NotInCalendar => 25,
        TroubleCode::Encoder => 26,
        TroubleCode::NotReady(Part::Camera) => 27,
        TroubleCode::NotReady(Part::Microphone) => 28,
        TroubleCode::NotReady(Part::Display) => 29,
        TroubleCode::NotReady(Part::Network) => 30,
        TroubleCode::NotReady(Part::Names) => 31,
        TroubleCode::NotReady(Part::Server) => 32,
        TroubleCode::NotReady(Part::Sockets) => 33,
        TroubleCode::NotReady(Part::Account) => 34,
        TroubleCode::NotReady(Part::Media) => 35,
        TroubleCode::NotReady(Part::Datagrams) => 36,
        TroubleCode::NotReady(Part::Disk) => 37,
        TroubleCode::NotReady(Part::Clock) => 38,
        TroubleCode::OtherRoom => 39,
    }
}

#[test]
fn every_trouble_is_explained_in_the_order_of_its_weight() {
    let rows: Vec<&str> = PAGE
        .lines()
        .filter_map(|l| l.strip_prefix("| `"))
        .filter_map(|row| row.split('`').next())
        .collect();
    let codes: Vec<&str> = ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(rows, codes);
    for (index, code) in ALL.into_iter().enumerate() {
        assert_eq!(place(code), index);
    }
}
