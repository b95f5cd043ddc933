//! Which server, when nobody wrote it down: the one that the network names which the device is on
//! ([`saal_fleet_protocol::fleet::discovery`]).
//!
//! The administrator's word counts first: an option of DHCP, then a service in the network's domains. What anybody on the link may say,
//! multicast DNS, comes last. Whoever it is has to show a certificate for the name that was found.

mod lease;
mod multicast;
mod service;

use std::{net::SocketAddr, path::PathBuf};

use hickory_resolver::TokioResolver;

use crate::{
    link::{Credentials, Link, LinkError},
    settings::{Server, Settings},
};

/// A server, and where it is if no name server knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its address; the certificate has to be for this host.
    pub server: Server,
    /// Dialled instead of what the host's name stands for, if there are any.
    pub addresses: Vec<SocketAddr>,
}

impl From<Server> for Place {
    fn from(server: Server) -> Self {
        Self {
            server,
            addresses: Vec::new(),
        }
    }
}

/// Who is asked.
#[derive(Clone, Debug)]
pub struct Network {
    /// What DHCP servers said, a file for each interface (systemd-networkd's).
    pub leases: PathBuf,
    /// Name servers; `None` are those of this computer, as they are at that moment.
    pub names: Option<TokioResolver>,
    /// UDP port of multicast DNS.
    pub multicast_port: u16,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            leases: "/run/systemd/netif/leases".into(),
            names: None,
            multicast_port: mdns_sd::MDNS_PORT,
        }
    }
}

impl Network {
    /// The servers that it names: by DHCP, else by its name servers, else on the link.
    async fn places(&self) -> Vec<Place> {
        let leases = lease::read(&self.leases).await;
        let told = leases.iter().filter_map(|lease| lease.server.clone());
        let mut told: Vec<_> = told.collect();
        if told.is_empty() {
            let domains = leases.into_iter().flat_map(|lease| lease.domains).collect();
            told = service::find(self.names.as_ref(), domains).await;
        }
        if told.is_empty() {
            return multicast::find(self.multicast_port).await;
        }
        told.dedup();
        told.into_iter().map(Place::from).collect()
    }

    /// Opens a connection to the server that the settings name. A device that has to find its server looks for it anew each time, until it
    /// belongs to one (`membership`): then for nobody else, and only for where it is.
    ///
    /// # Errors
    /// [`LinkError`] of the last one that was tried.
    pub async fn open(
        &self,
        settings: &Settings,
        search: Search,
        credentials: Option<Credentials>,
    ) -> Result<(Link, Server), LinkError> {
        let mut last = LinkError::Nowhere;
        let known = settings
            .server
            .clone()
            .filter(|_| search != Search::Anybody);
        if let Some(server) = &known {
            match Link::open(settings, &Place::from(server.clone()), credentials.clone()).await {
                Ok(link) => return Ok((link, server.clone())),
                Err(error) if search == Search::Nobody => return Err(error),
                Err(error @ LinkError::Tcp { .. }) => last = error,
                Err(error) => return Err(error),
            }
        }
        let places = match &known {
            None => self.places().await,
            Some(_) => multicast::find(self.multicast_port).await,
        };
        for place in places {
            if known.as_ref().is_some_and(|known| place.server != *known) {
                continue;
            }
            match Link::open(settings, &place, credentials.clone()).await {
                Ok(link) => return Ok((link, place.server)),
                Err(error) => {
                    tracing::info!(server = place.server.host(), %error, "the network names it");
                    last = error;
                }
            }
        }
        Err(last)
    }
}

/// Whom a device looks for in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Its file names the server.
    Nobody,
    /// It belongs to a fleet that it found so.
    Own,
    /// It belongs to none yet.
    Anybody,
}

#[cfg(test)]
mod tests;
