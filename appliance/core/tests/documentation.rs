//! docs/troubles.md explains each trouble.

use saal_core::TroubleCode;
use saal_media_protocol::DeviceUse;

const PAGE: &str = include_str!("../../../docs/troubles.md");

const ALL: [TroubleCode; 18] = [
    TroubleCode::SignedOut,
    TroubleCode::Removed,
    TroubleCode::SignInNeeded,
    TroubleCode::Unreachable,
    TroubleCode::Untrusted,
    TroubleCode::EngineFailing,
    TroubleCode::Store,
    TroubleCode::Identity,
    TroubleCode::JoinFailed,
    TroubleCode::Device(DeviceUse::Camera),
    TroubleCode::Device(DeviceUse::Microphone),
    TroubleCode::Device(DeviceUse::Loudspeaker),
    TroubleCode::Device(DeviceUse::Content),
    TroubleCode::Device(DeviceUse::Display),
    TroubleCode::Device(DeviceUse::ContentDisplay),
    TroubleCode::CallNotSaved,
    TroubleCode::ConfigRefused,
    TroubleCode::Calendar,
];

/// A new code does not compile here until it has a place in `ALL`.
fn place(code: TroubleCode) -> usize {
    match code {
        TroubleCode::SignedOut => 0,
        TroubleCode::Removed => 1,
        TroubleCode::SignInNeeded => 2,
        TroubleCode::Unreachable => 3,
        TroubleCode::Untrusted => 4,
        TroubleCode::EngineFailing => 5,
        TroubleCode::Store => 6,
        TroubleCode::Identity => 7,
        TroubleCode::JoinFailed => 8,
        TroubleCode::Device(DeviceUse::Camera) => 9,
        TroubleCode::Device(DeviceUse::Microphone) => 10,
        TroubleCode::Device(DeviceUse::Loudspeaker) => 11,
        TroubleCode::Device(DeviceUse::Content) => 12,
        TroubleCode::Device(DeviceUse::Display) => 13,
        TroubleCode::Device(DeviceUse::ContentDisplay) => 14,
        TroubleCode::CallNotSaved => 15,
        TroubleCode::ConfigRefused => 16,
        TroubleCode::Calendar => 17,
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
