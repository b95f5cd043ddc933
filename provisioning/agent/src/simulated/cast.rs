//! Which devices are played, and where from.

use std::{
    io::{self, BufRead as _},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use saal_fleet_protocol::fleet::wire::{Membership, to_text};
use serde::{Deserialize, Serialize};

use crate::{
    identity::Identity,
    link::LinkError,
    settings::{Server, SettingsError},
};

/// So many connections have one address of this computer: there are 28,000 ports for them.
const FROM_ONE_ADDRESS: u32 = 4000;

/// A crowd can't be played.
#[derive(Debug, thiserror::Error)]
pub enum CrowdError {
    /// The server's address.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The server's authority.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The file of devices that belong to the fleet.
    #[error("{}: {reason}", path.display())]
    Known {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A device that belongs to a fleet already, a line of JSON in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its key, PKCS#8, base64.
    pub key: String,
    /// What the fleet gave it.
    pub membership: Membership,
}

impl Known {
    /// What a device with this identity keeps; `None`: its key does not leave its TPM.
    #[must_use]
    pub fn new(identity: &Identity, membership: Membership) -> Option<Self> {
        Some(Self {
            key: to_text(&identity.key_der()?),
            membership,
        })
    }

    pub(super) fn read(path: &Path, first: u32, devices: u32) -> Result<Vec<Self>, CrowdError> {
        let bad = |reason: String| CrowdError::Known {
            path: path.to_owned(),
            reason,
        };
        let file = std::fs::File::open(path).map_err(|e| bad(e.to_string()))?;
        let lines = io::BufReader::new(file).lines();
        let lines = lines.skip(first as usize).take(devices as usize);
        let known = lines.map(|line| {
            let line = line.map_err(|e| bad(e.to_string()))?;
            serde_json::from_str(&line).map_err(|e| bad(e.to_string()))
        });
        let known: Vec<Self> = known.collect::<Result<_, _>>()?;
        if known.len() < devices as usize {
            return Err(bad(format!("it has no {devices} devices from {first} on")));
        }
        Ok(known)
    }
}

/// Which devices are played.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Where the fleet is.
    pub server: String,
    /// Its authority.
    pub ca: PathBuf,
    /// Where it is instead of what its name stands for: each device tries them in another order.
    pub at: Vec<SocketAddr>,
    /// How many.
    pub devices: u32,
    /// The number of the first one.
    pub first: u32,
    /// Their serial numbers are this with their number behind it.
    pub serials: String,
    /// They belong to the fleet already: a file with a [`Known`] in each line, the device 0 first.
    pub known: Option<PathBuf>,
    /// So many of the fleet come in a second at first, as rooms do that were built over months, in the order of their numbers. Who
    /// comes back later is held by nothing but its own pauses.
    pub a_second: u32,
}

/// Where a server on this computer is: connections to it may come from many addresses.
pub(super) fn near(server: &Server) -> Vec<SocketAddr> {
    let (host, port) = (server.host(), server.url().port_or_known_default());
    match (host, host.parse::<Ipv4Addr>()) {
        ("localhost", _) => vec![(Ipv4Addr::LOCALHOST, port.unwrap_or(443)).into()],
        (_, Ok(address)) if address.is_loopback() => vec![(address, port.unwrap_or(443)).into()],
        _ => Vec::new(),
    }
}

/// A device's own address, where all the server's are on this computer: 127.1.0.1 and so on.
pub(super) fn from(at: &[SocketAddr], number: u32) -> Option<Ipv4Addr> {
    let near = |address: &SocketAddr| address.is_ipv4() && address.ip().is_loopback();
    if at.is_empty() || !at.iter().all(near) {
        return None;
    }
    let first = u32::from(Ipv4Addr::new(127, 1, 0, 1));
    Some(Ipv4Addr::from(first + number / FROM_ONE_ADDRESS))
}
