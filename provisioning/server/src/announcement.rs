//! Says on the link where the server is, by multicast DNS ([`saal_fleet_protocol::fleet::discovery`]).

use std::fmt;

use mdns_sd::{ServiceDaemon, ServiceInfo};
use saal_fleet_protocol::fleet::discovery::{SERVER_KEY, SERVICE};
use url::Url;

/// Announces until it is dropped.
pub struct Announcement {
    daemon: ServiceDaemon,
    name: String,
}

/// The link hears nothing.
#[derive(Debug, thiserror::Error)]
pub enum AnnouncementError {
    /// The server has no address that could be told.
    #[error("{0} is no address of a server")]
    Address(String),
    /// Sockets.
    #[error("multicast DNS: {0}")]
    Multicast(#[from] mdns_sd::Error),
}

impl Announcement {
    /// Begins, with all addresses that this computer has and will have.
    ///
    /// # Errors
    /// [`AnnouncementError`].
    pub fn new(url: &str) -> Result<Self, AnnouncementError> {
        Self::on_port(url, mdns_sd::MDNS_PORT)
    }

    /// The same on another port than multicast DNS has.
    ///
    /// # Errors
    /// [`AnnouncementError`].
    pub fn on_port(url: &str, multicast_port: u16) -> Result<Self, AnnouncementError> {
        let wrong = || AnnouncementError::Address(url.to_owned());
        let address = Url::parse(url).map_err(|_| wrong())?;
        let host = address.host_str().ok_or_else(wrong)?;
        let port = address.port_or_known_default().ok_or_else(wrong)?;
        let computer = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        // Its name without a domain, as others on the link call it.
        let computer = computer
            .trim()
            .split('.')
            .next()
            .filter(|name| !name.is_empty());
        let target = format!("{}.local.", computer.unwrap_or("saal-fleet"));
        let service = format!("{SERVICE}.local.");
        let text = [(SERVER_KEY, address.as_str().trim_end_matches('/'))];
        let info = ServiceInfo::new(&service, host, &target, (), port, &text[..])?;
        let info = info.enable_addr_auto();
        let name = info.get_fullname().to_owned();
        let daemon = ServiceDaemon::new_with_port(multicast_port)?;
        daemon.register(info)?;
        Ok(Self { daemon, name })
    }
}

impl fmt::Debug for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { daemon: _, name } = self;
        f.debug_struct("Announcement")
            .field("name", name)
            .finish_non_exhaustive()
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // It says good-bye, and its thread ends.
        let _ = self.daemon.unregister(&self.name);
        let _ = self.daemon.shutdown();
    }
}
