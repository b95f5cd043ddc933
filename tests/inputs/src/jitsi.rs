//! What comes from Jitsi's servers and other participants.

use std::time::Instant;

use saal_jitsi::fuzzing;

use crate::{Target, lines, text};

pub(crate) const STANZA: Target = Target {
    name: "jitsi_stanza",
    read: |data| fuzzing::stanza(Instant::now(), &text(data)),
    seeds: || lines(include_str!("seeds/stanzas.txt")),
};

pub(crate) const JINGLE: Target = Target {
    name: "jitsi_jingle",
    read: |data| fuzzing::jingle(Instant::now(), &text(data)),
    seeds: || lines(include_str!("seeds/jingle.txt")),
};

pub(crate) const BRIDGE: Target = Target {
    name: "jitsi_bridge",
    read: |data| fuzzing::bridge(Instant::now(), &text(data)),
    seeds: || lines(include_str!("seeds/bridge.txt")),
};

pub(crate) const SERVER_CONFIG: Target = Target {
    name: "jitsi_server_config",
    read: |data| fuzzing::server_config(&text(data)),
    seeds: || lines(include_str!("seeds/server_configs.txt")),
};
