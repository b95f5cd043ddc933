//! docs/troubles.md explains each trouble.

use saal_core::TroubleCode;
use saal_media_protocol::DeviceUse;

const PAGE: &str = include_str!("../../../docs/troubles.md");

const ALL: [TroubleCode; 12] = [
    TroubleCode::SignedOut,
    TroubleCode::Unreachable,
    TroubleCode::EngineFailing,
    TroubleCode::Store,
    TroubleCode::JoinFailed,
    TroubleCode::Device(DeviceUse::Camera),
    TroubleCode::Device(DeviceUse::Microphone),
    TroubleCode::Device(DeviceUse::Loudspeaker),
    TroubleCode::Device(DeviceUse::Content),
    TroubleCode::CallNotSaved,
    TroubleCode::ConfigRefused,
    TroubleCode::Calendar,
];

/// A new code does not compile here until it has a place in `ALL`.
fn place(code: TroubleCode) -> usize {
    match code {
        TroubleCode::SignedOut => 0,
        TroubleCode::Unreachable => 1,
        TroubleCode::EngineFailing => 2,
        TroubleCode::Store => 3,
        TroubleCode::JoinFailed => 4,
        TroubleCode::Device(DeviceUse::Camera) => 5,
        TroubleCode::Device(DeviceUse::Microphone) => 6,
        TroubleCode::Device(DeviceUse::Loudspeaker) => 7,
        TroubleCode::Device(DeviceUse::Content) => 8,
        TroubleCode::CallNotSaved => 9,
        TroubleCode::ConfigRefused => 10,
        TroubleCode::Calendar => 11,
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
