//! Browsers of the room's network: the page on which a laptop shares its screen, with TLS.
//!
//! Who gets in and what is shown the room decides; here are the page, its socket and the certificate.

mod certificate;
mod laptop;
mod page;
mod tls;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
};

use anyhow::{Context, Result};
use axum::{Router, routing::get};
use saal_core::{Invitation, LaptopId, LaptopReply};
use saal_fleet_protocol::config;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use self::{
    certificate::Certificate,
    tls::{Ends, TlsListener},
};
use crate::{config_file::ConfigFile, hardening::harden, input::Inputs};

/// Digits of a code.
const CODES: u64 = 1_000_000;

/// Laptops whose page is open.
#[derive(Clone, Debug, Default)]
struct Laptops(Arc<Mutex<HashMap<LaptopId, mpsc::UnboundedSender<LaptopReply>>>>);

impl Laptops {
    fn lock(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<LaptopId, mpsc::UnboundedSender<LaptopReply>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What handlers share.
#[derive(Clone)]
struct Shared {
    inputs: Inputs,
    laptops: Laptops,
    next: &'static AtomicU64,
}

/// Laptops are counted over all configurations.
static NEXT_LAPTOP: AtomicU64 = AtomicU64::new(1);

/// What listens to browsers.
pub(crate) struct Browsers {
    listens: SocketAddr,
    name: Option<String>,
    fingerprint: Option<String>,
    laptops: Laptops,
    task: JoinHandle<()>,
}

impl Browsers {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address is taken or there is no certificate; the message says what to do.
    pub(crate) async fn start(
        browsers: &config::Browsers,
        file: &ConfigFile,
        state: &Path,
        inputs: Inputs,
    ) -> Result<Self> {
        let certificate = match (&browsers.certificate_file, &browsers.key_file) {
            (Some(certificate), Some(key)) => {
                Certificate::given(&file.resolve(certificate), &file.resolve(key))?
            }
            _ => Certificate::own(state)?,
        };
        let wanted = browsers.listen.address();
        let listener = TcpListener::bind(wanted).await.with_context(|| {
            format!("can't listen on {wanted}; set browsers.listen to a free address and port")
        })?;
        let listens = listener.local_addr().context("a listener has an address")?;
        let fingerprint = certificate.fingerprint();
        let listener = TlsListener::new(listener, certificate.acceptor()?)?;
        let laptops = Laptops::default();
        let shared = Shared {
            inputs,
            laptops: laptops.clone(),
            next: &NEXT_LAPTOP,
        };
        let app = router(shared).into_make_service_with_connect_info::<Ends>();
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "browsers are not listened to any more");
            }
        });
        let name = browsers.name.as_ref().map(|name| name.as_str().to_owned());
        Ok(Self {
            listens,
            name,
            fingerprint,
            laptops,
            task,
        })
    }

    /// Where people find the page, as of now, with a new code.
    ///
    /// # Errors
    /// When the kernel has no random numbers.
    pub(crate) fn invite(&self) -> Result<Invitation> {
        Ok(Invitation {
            address: self.address(),
            code: new_code()?,
            fingerprint: self.fingerprint.clone(),
        })
    }

    /// As it is typed.
    pub(crate) fn address(&self) -> String {
        let host = match (&self.name, self.listens.ip()) {
            (Some(name), _) => name.clone(),
            (None, ip) if ip.is_unspecified() => host(own_address().unwrap_or(ip)),
            (None, ip) => host(ip),
        };
        match self.listens.port() {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        }
    }

    /// Tells a laptop's page something; one that was closed is told nothing.
    pub(crate) fn tell(&self, laptop: LaptopId, reply: LaptopReply) {
        if let Some(page) = self.laptops.lock().get(&laptop) {
            let _ = page.send(reply);
        }
    }

    /// Lets go of the port.
    pub(crate) async fn stop(self) {
        self.task.abort();
        // One that panicked has let go as well.
        let _ = self.task.await;
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/share.js", get(page::script))
        .route("/share.css", get(page::style))
        .route("/share", get(laptop::visit))
        .layer(axum::middleware::map_response(async |response| {
            harden(response, page::POLICY)
        }))
        .with_state(shared)
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Six digits that nobody can foresee.
fn new_code() -> Result<String> {
    let random = getrandom::u64().context("the kernel has no random numbers")?;
    Ok(format!("{:06}", random % CODES))
}

/// The address by which this machine reaches others; the kernel knows without sending anything.
fn own_address() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    // TEST-NET-1 (RFC 5737): every network's way out leads there.
    let routed = socket
        .connect("192.0.2.1:9")
        .and_then(|()| socket.local_addr());
    match routed {
        Ok(address) => Some(address.ip()),
        Err(_) => first_interface(),
    }
}

/// In a network without a way out.
fn first_interface() -> Option<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().ok()?;
    let mut addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        Some(IpAddr::V4(address.as_sockaddr_in()?.ip()))
    });
    addresses.find(|ip| !ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_six_digits_and_differ() {
        let codes: Vec<String> = (0..20).map(|_| new_code().unwrap()).collect();
        for code in &codes {
            assert!(
                code.len() == 6 && code.bytes().all(|c| c.is_ascii_digit()),
                "{code}"
            );
        }
        assert!(codes.iter().any(|code| *code != codes[0]));
    }
}
