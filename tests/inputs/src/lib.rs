//! Everything that strangers can send, one [`Target`] for each kind: nothing of it may panic, hang
//! or grow without end.
//!
//! The same targets are tried with seeded random inputs in `cargo test` (`tests/any_input.rs`) and
//! by cargo-fuzz (`fuzz/`, `./dev test fuzz`). What a target does with its input stands in the
//! crate that reads it.

mod calendars;
mod jitsi;
mod json;
mod matrix;
mod protocols;
mod trust;

/// A reader of outside bytes.
pub struct Target {
    /// Also the fuzz target's name.
    pub name: &'static str,
    /// Reads them; panics on what must not happen.
    pub read: fn(&[u8]),
    /// What it usually gets, to begin from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 25] = [
    matrix::MEMBERS,
    matrix::KEYS,
    matrix::TALK,
    matrix::CALLS,
    matrix::ANSWER,
    matrix::SIGNALLING,
    protocols::BROWSER,
    protocols::FRAME,
    protocols::LINK,
    protocols::CALENDAR,
    calendars::FILE,
    calendars::CALDAV,
    calendars::INVITATION,
    protocols::CONFIG,
    protocols::CONTROL,
    protocols::ENGINE,
    protocols::FLEET,
    protocols::BUNDLE,
    trust::TRUST,
    protocols::TELEPHONE,
    jitsi::STANZA,
    jitsi::JINGLE,
    jitsi::BRIDGE,
    jitsi::SERVER_CONFIG,
    protocols::PIECES,
];

/// Gives bytes to a target.
///
/// # Panics
/// When there is no such target, and as the target does.
pub fn read(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("the name of a target").read)(data);
}

/// As text; what is no UTF-8 becomes U+FFFD, as for every reader of a socket here.
fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// Seeds that are written down, one a line.
fn lines(seeds: &str) -> Vec<Vec<u8>> {
    seeds.lines().map(|line| line.as_bytes().to_vec()).collect()
}
