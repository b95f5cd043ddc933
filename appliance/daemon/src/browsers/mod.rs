//! Browsers of the room's network: the page on which a laptop shares its screen, and the one on which IT
//! looks at the room, with TLS.
//!
//! Who gets in and what is shown the room decides; here are pages, sockets and the certificate.

mod api;
mod certificate;
mod door;
mod laptop;
mod page;
mod phone;
mod screen;
mod socket;
mod tls;
mod viewer;
mod words;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use saal_core::{Invitation, LaptopId, LaptopReply, PhoneTicket, ViewerId, ViewerReply};
use saal_fleet_protocol::{Config, config};
use saal_meeting::Secret;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use self::{
    certificate::Certificate,
    socket::{Pages, Places},
    tls::{Ends, TlsListener},
};
use crate::{config_file::ConfigFile, guests::new_secret, hardening::harden, input::Inputs};

/// Characters of a token that nobody guesses.
const SHORTEST_TOKEN: usize = 16;
/// How many codes there are: six digits.
const CODES: u64 = 1_000_000;

/// What handlers share.
#[derive(Clone)]
struct Shared {
    inputs: Inputs,
    laptops: Pages<LaptopId, LaptopReply>,
    viewers: Pages<ViewerId, ViewerReply>,
    pages: Places,
    /// Pages with a screen of the panel that hear of changes.
    screens: Places,
    /// What the tablet at the door shows.
    door_token: Option<Arc<str>>,
    /// The room is other than before.
    changed: watch::Receiver<()>,
    /// Who shows it may look at the room.
    view_token: Option<Arc<str>>,
}

/// What listens to browsers.
pub(crate) struct Browsers {
    listens: SocketAddr,
    name: Option<String>,
    fingerprint: Option<String>,
    laptops: Pages<LaptopId, LaptopReply>,
    viewers: Pages<ViewerId, ViewerReply>,
    task: JoinHandle<()>,
}

impl Browsers {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address is taken or there is no certificate; the message says what to do.
    pub(crate) async fn start(
        config: &Config,
        file: &ConfigFile,
        state: &Path,
        inputs: Inputs,
        changed: watch::Receiver<()>,
    ) -> Result<Self> {
        let browsers = config.browsers.as_ref();
        let browsers = browsers.context("[browsers] says where to listen")?;
        let api = api::of(config, file, &inputs, &changed)?;
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
        let shared = Shared {
            inputs,
            laptops: Pages::default(),
            viewers: Pages::default(),
            pages: Places::default(),
            screens: Places::default(),
            door_token: door_token(config, file)?,
            changed,
            view_token: view_token(browsers, file)?,
        };
        let (laptops, viewers) = (shared.laptops.clone(), shared.viewers.clone());
        let app = router(shared, browsers, api).into_make_service_with_connect_info::<Ends>();
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
            viewers,
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

    /// What lets phones in, as of now.
    ///
    /// # Errors
    /// When the kernel has no random numbers.
    pub(crate) fn ticket(&self) -> Result<PhoneTicket> {
        let token = new_secret().context("the kernel has no random numbers")?;
        Ok(PhoneTicket {
            address: Secret::new(format!("{}/phone/{token}", self.address())),
            token: Secret::new(token),
            fingerprint: self.fingerprint.clone(),
        })
    }

    /// As it is typed.
    pub(crate) fn address(&self) -> String {
        let host = match (&self.name, self.listens.ip()) {
            (Some(name), _) => name.clone(),
            (None, ip) if ip.is_unspecified() => host(own_address(ip.is_ipv6()).unwrap_or(ip)),
            (None, ip) => host(ip),
        };
        match self.listens.port() {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        }
    }

    /// Tells a laptop's page something.
    pub(crate) fn tell(&self, laptop: LaptopId, reply: LaptopReply) {
        self.laptops.tell(laptop, reply);
    }

    /// Tells the page of somebody who looks something.
    pub(crate) fn tell_viewer(&self, viewer: ViewerId, reply: ViewerReply) {
        self.viewers.tell(viewer, reply);
    }

    /// Lets go of the port, and of all pages.
    pub(crate) async fn stop(self) {
        self.task.abort();
        self.laptops.close();
        self.viewers.close();
        // One that panicked has let go as well.
        let _ = self.task.await;
    }
}

/// Bytes of the longest request with a body.
pub(crate) const MOST_BODY: usize = 4096;

fn router(shared: Shared, browsers: &config::Browsers, api: Option<Router>) -> Router {
    let mut pages = Router::new().route("/page.css", get(page::style));
    if browsers.share {
        pages = pages
            .route("/", get(page::share))
            .route("/share.js", get(page::share_script))
            .route("/share", get(laptop::visit));
    }
    if shared.view_token.is_some() {
        pages = pages
            .route("/view", get(page::view))
            .route("/view.js", get(page::view_script))
            .route("/look", get(viewer::look));
    }
    if browsers.phone {
        pages = pages
            .route("/phone", get(phone::look).post(phone::press))
            .route("/phone/events", get(phone::events))
            .route("/phone/{token}", get(phone::enter));
    }
    if shared.door_token.is_some() {
        pages = pages
            .route("/door", get(door::look).post(door::press))
            .route("/door/events", get(door::events))
            .route("/door/sign-in", post(door::sign_in));
    }
    if browsers.phone || shared.door_token.is_some() {
        pages = pages
            .route("/screen.css", get(screen::style))
            .route("/follow.js", get(screen::script));
    }
    let pages = pages.with_state(shared);
    let pages = match api {
        Some(api) => pages.merge(api),
        None => pages,
    };
    pages
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(axum::middleware::map_response(async |response| {
            harden(response, page::POLICY)
        }))
}

/// One that can't be guessed.
fn view_token(browsers: &config::Browsers, file: &ConfigFile) -> Result<Option<Arc<str>>> {
    let Some(path) = &browsers.view_token_file else {
        return Ok(None);
    };
    long_secret(file, path).map(|token| Some(token.into()))
}

fn door_token(config: &Config, file: &ConfigFile) -> Result<Option<Arc<str>>> {
    let door = config.door.as_ref();
    let token = door.map(|door| long_secret(file, &door.token_file));
    Ok(token.transpose()?.map(Into::into))
}

/// A token of the configuration that nobody guesses.
fn long_secret(file: &ConfigFile, path: &Path) -> Result<String> {
    let token = file.read_secret(path).map_err(anyhow::Error::msg)?;
    if token.len() < SHORTEST_TOKEN {
        bail!(
            "{}: the token has {} characters; give it {SHORTEST_TOKEN} at least",
            file.resolve(path).display(),
            token.len()
        );
    }
    Ok(token)
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

/// The address by which this machine reaches others; of IPv4 where it has one, which people type sooner. What listens to IPv6
/// listens to both.
fn own_address(ipv6: bool) -> Option<IpAddr> {
    let (v4, v6) = (Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into());
    // TEST-NET-1 (RFC 5737) and its like (RFC 3849): every network's way out leads there.
    let routed = routed(v4, Ipv4Addr::new(192, 0, 2, 1).into()).or_else(|| {
        let elsewhere = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
        routed(v6, elsewhere.into()).filter(|_| ipv6)
    });
    routed.or_else(|| first_interface(ipv6))
}

/// By which address this would be reached; the kernel knows without sending anything.
fn routed(any: IpAddr, elsewhere: IpAddr) -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind((any, 0)).ok()?;
    socket.connect((elsewhere, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// In a network without a way out.
fn first_interface(ipv6: bool) -> Option<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().ok()?;
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| Some(IpAddr::V6(address.as_sockaddr_in6()?.ip())))
    });
    first_of(addresses, ipv6)
}

/// Browsers take no address of a link alone (RFC 6874 is history), and none of this machine alone.
fn first_of(addresses: impl Iterator<Item = IpAddr>, ipv6: bool) -> Option<IpAddr> {
    let reachable = |ip: &IpAddr| match ip {
        IpAddr::V4(_) => !ip.is_loopback(),
        IpAddr::V6(v6) => ipv6 && !ip.is_loopback() && !v6.is_unicast_link_local(),
    };
    addresses.filter(reachable).min_by_key(IpAddr::is_ipv6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_a_browser_takes() {
        let of = |addresses: &[&str], ipv6| {
            let parsed = addresses.iter().map(|address| address.parse().unwrap());
            first_of(parsed, ipv6).map(host)
        };
        let dual = ["::1", "fe80::1", "fd00::7", "127.0.0.1", "192.0.2.7"];
        assert_eq!(of(&dual, true).as_deref(), Some("192.0.2.7"));
        assert_eq!(of(&dual[..4], true).as_deref(), Some("[fd00::7]"));
        assert_eq!(of(&dual[..4], false), None, "it listens to IPv4 alone");
        assert_eq!(of(&dual[..2], true), None);
    }

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
