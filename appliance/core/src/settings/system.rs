//! What the room's computer says of itself, and what it is asked for.

use std::net::IpAddr;

/// What the room's computer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemRequest {
    /// Start anew.
    Restart,
    /// Be as it came from the factory: everything that the room remembers is lost.
    FactoryReset,
}

impl SystemRequest {
    /// As its file is called where the system looks for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::FactoryReset => "factory-reset",
        }
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemStage {
    /// It was asked for; the computer goes down any moment.
    Asked,
    /// Nobody took it.
    Failed {
        /// For the log.
        reason: String,
    },
}

/// What the room's computer says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemFacts {
    /// Its connections to networks, without the one to itself.
    pub interfaces: Vec<Interface>,
    /// How it reaches the world; `None`: without a proxy. Never with a password.
    pub proxy: Option<String>,
    /// The servers that the room needs, in the order of the configuration.
    pub servers: Vec<Server>,
    /// Version of the room's own programs.
    pub version: String,
    /// What the operating system calls itself.
    pub system: Option<String>,
    /// Version of the image that everything came with; `None`: it was put together by other means.
    pub image: Option<String>,
    /// What runs, as far as it is known, by name.
    pub components: Vec<Component>,
    /// How updates stand; `None`: the room does not update itself.
    pub update: Option<Update>,
    /// The system takes [`SystemRequest`]s.
    pub takes_requests: bool,
}

/// A connection to a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// As the system calls it: `enp1s0`.
    pub name: String,
    /// Its addresses, those that work everywhere first.
    pub addresses: Vec<IpAddr>,
}

/// A server that the room needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Whether it answers; `None`: nobody knows yet.
    pub answers: Option<bool>,
}

/// Something that runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Component {
    /// What it is called.
    pub name: String,
    /// As its makers count.
    pub version: String,
    /// An SPDX expression, where it is known.
    pub licence: Option<String>,
}

/// How updates stand: two slots, of which one runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The slot that runs: `a` or `b`.
    pub slot: String,
    /// What is in the other one; `None`: nobody ever wrote it since the factory.
    pub other: Option<SlotState>,
}

/// What is in the slot that does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The version of the image there.
    pub version: String,
    /// It is started at the next start.
    pub next: bool,
}
