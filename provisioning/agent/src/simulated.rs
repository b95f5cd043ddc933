//! A crowd of devices without rooms, over real TLS and the real protocol, to see what a server bears.

mod cast;
mod helped;

use std::{
    fmt,
    net::Ipv4Addr,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use rustls::{ClientConfig, sign::SigningKey};
use saal_fleet_protocol::fleet::{
    order::{Signed, key_from_text},
    wire::{Enrol, FromDevice, FromServer, Hello, Membership, Outcome, Report, from_text},
};
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::JoinSet, time::sleep};

pub use self::cast::{Cast, CrowdError, Known};
use crate::{
    agent::digest,
    backoff::Backoff,
    discovery::Place,
    identity::{Identity, IdentityError, signer},
    link::{Credentials, Link, LinkError, Trust},
    settings::Settings,
};

/// How the devices stand.
#[derive(Debug, Default)]
struct Standing {
    enrolled: AtomicU32,
    connected: AtomicU32,
    confirmed: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
    failed: AtomicU64,
    opened: AtomicU64,
    code: Mutex<Option<String>>,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Of the fleet.
    pub enrolled: u32,
    /// Connected with a certificate and greeted.
    pub connected: u32,
    /// Orders that were verified and confirmed, all together.
    pub confirmed: u64,
    /// Orders that were not believed.
    pub refused: u64,
    /// Connections that were greeted and broke.
    pub lost: u64,
    /// Attempts that came to nothing.
    pub failed: u64,
    /// Connections that were greeted, all together.
    pub opened: u64,
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            enrolled: sum.enrolled + one.enrolled,
            connected: sum.connected + one.connected,
            confirmed: sum.confirmed + one.confirmed,
            refused: sum.refused + one.refused,
            lost: sum.lost + one.lost,
            failed: sum.failed + one.failed,
            opened: sum.opened + one.opened,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            enrolled,
            connected,
            confirmed,
            refused,
            lost,
            failed,
            opened: _,
        } = self;
        write!(
            f,
            "{enrolled} enrolled, {connected} connected, {confirmed} orders confirmed, {refused} refused, {lost} \
             connections lost, {failed} attempts failed"
        )
    }
}

/// The crowd. Dropping it ends all its connections.
#[derive(Debug)]
pub struct Crowd {
    standing: Arc<Standing>,
    away: watch::Sender<u32>,
    _devices: JoinSet<()>,
}

impl Crowd {
    /// Lets so many devices come that enrol; their serial numbers are `serials` with a number from 0 behind it.
    ///
    /// # Errors
    /// When the address is none.
    pub fn start(
        server: &str,
        ca: PathBuf,
        devices: u32,
        serials: &str,
    ) -> Result<Self, CrowdError> {
        Self::play(Cast {
            server: server.to_owned(),
            ca,
            at: Vec::new(),
            devices,
            first: 0,
            serials: serials.to_owned(),
            known: None,
            a_second: 200,
        })
    }

    /// Lets these devices come.
    ///
    /// # Errors
    /// [`CrowdError`].
    pub fn play(cast: Cast) -> Result<Self, CrowdError> {
        let (settings, server) = Settings::reaching(&cast.server, cast.ca)?;
        let settings = Arc::new(settings);
        let trust = Trust::of(&settings).map_err(LinkError::from)?;
        let known = match &cast.known {
            Some(path) => Known::read(path, cast.first, cast.devices)?,
            None => Vec::new(),
        };
        let at = if cast.at.is_empty() {
            cast::near(&server)
        } else {
            cast.at
        };
        let standing = Arc::new(Standing::default());
        let (away, gone) = watch::channel(0);
        let mut all = JoinSet::new();
        let mut known = known.into_iter();
        for place in 0..cast.devices {
            let number = cast.first + place;
            let mut at = at.clone();
            if !at.is_empty() {
                let turn = number as usize % at.len();
                at.rotate_left(turn);
            }
            let device = Device {
                serial: format!("{}{number}", cast.serials),
                settings: settings.clone(),
                trust: trust.clone(),
                from: cast::from(&at, number),
                to: Place {
                    server: server.clone(),
                    addresses: at,
                },
                standing: standing.clone(),
                place,
                away: gone.clone(),
            };
            let known = known.next();
            let wait = Duration::from_secs(1) * number / cast.a_second.max(1);
            all.spawn(async move {
                sleep(wait).await;
                if let Err(error) = device.live(known).await {
                    tracing::error!(%error, "a simulated device ended");
                }
            });
        }
        Ok(Self {
            standing,
            away,
            _devices: all,
        })
    }

    /// So many of them, the first ones, hang up and stay away, until it is fewer.
    pub fn away(&self, devices: u32) {
        self.away.send_replace(devices);
    }

    /// How they stand now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let standing = &self.standing;
        Counts {
            enrolled: standing.enrolled.load(Ordering::Relaxed),
            connected: standing.connected.load(Ordering::Relaxed),
            confirmed: standing.confirmed.load(Ordering::Relaxed),
            refused: standing.refused.load(Ordering::Relaxed),
            lost: standing.lost.load(Ordering::Relaxed),
            failed: standing.failed.load(Ordering::Relaxed),
            opened: standing.opened.load(Ordering::Relaxed),
        }
    }

    /// What the panel of a device shows that waits to be claimed: of the one that was told last.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let code = self.standing.code.lock();
        code.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A simulated device can't go on.
#[derive(Debug, thiserror::Error)]
enum LifeError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// The newest order.
#[derive(Debug, Default)]
struct Seen {
    generation: u64,
    digest: String,
}

struct Device {
    serial: String,
    settings: Arc<Settings>,
    trust: Trust,
    from: Option<Ipv4Addr>,
    to: Place,
    standing: Arc<Standing>,
    /// In the crowd.
    place: u32,
    /// So many of the crowd are away.
    away: watch::Receiver<u32>,
}

/// A device's own place in the fleet.
struct Own {
    membership: Membership,
    tls: Arc<ClientConfig>,
}

impl Device {
    async fn live(mut self, known: Option<Known>) -> Result<(), LifeError> {
        let own = known.map(|known| {
            let key = from_text(&known.key).unwrap_or_default();
            self.own(known.membership, signer(key)?)
        });
        let own = match own {
            Some(own) => own?,
            None => Box::pin(self.come_in()).await?,
        };
        let mut seen = Seen::default();
        let mut backoff = Backoff::default();
        loop {
            self.comes_back().await;
            let count = if Box::pin(self.connect(&own, &mut seen)).await {
                backoff.reset();
                &self.standing.lost
            } else {
                &self.standing.failed
            };
            count.fetch_add(1, Ordering::Relaxed);
            sleep(backoff.next(fastrand::f64())).await;
        }
    }

    fn own(&self, membership: Membership, key: Arc<dyn SigningKey>) -> Result<Own, LinkError> {
        let credentials = Credentials {
            certificate: membership.certificate.clone(),
            key,
        };
        let tls = Arc::new(self.trust.client(Some(credentials))?);
        Ok(Own { membership, tls })
    }

    /// Until it is not away.
    async fn comes_back(&mut self) {
        let place = self.place;
        let _ = self.away.wait_for(|away| place >= *away).await;
    }

    /// Asks until the fleet takes it in.
    async fn come_in(&self) -> Result<Own, LifeError> {
        let identity = Identity::unkept()?;
        let tls = Arc::new(self.trust.client(None)?);
        let mut backoff = Backoff::default();
        loop {
            if let Some(membership) = self.enrol(&identity, &tls).await? {
                self.standing.enrolled.fetch_add(1, Ordering::Relaxed);
                return Ok(self.own(membership, identity.signer()?)?);
            }
            self.standing.failed.fetch_add(1, Ordering::Relaxed);
            sleep(backoff.next(fastrand::f64())).await;
        }
    }

    async fn open(&self, tls: &Arc<ClientConfig>) -> Option<(Link, String)> {
        let link = Link::open_as(&self.settings, &self.to, tls.clone(), self.from).await;
        let mut link = match link {
            Ok(link) => link,
            Err(error) => {
                tracing::debug!(%error, "a simulated device does not get there");
                return None;
            }
        };
        match link.hear().await {
            Ok(FromServer::Challenge { nonce }) => Some((link, nonce)),
            _ => None,
        }
    }

    async fn enrol(
        &self,
        identity: &Identity,
        tls: &Arc<ClientConfig>,
    ) -> Result<Option<Membership>, IdentityError> {
        let Some((mut link, nonce)) = self.open(tls).await else {
            return Ok(None);
        };
        link.say(&self.asks(identity, &nonce)?).await;
        let mut heard = link.hear().await;
        while let Ok(FromServer::Waiting { code }) = heard {
            self.show(code.to_string());
            heard = link.hear().await;
        }
        match heard {
            Ok(FromServer::Enrolled(new)) => Ok(Some(*new)),
            _ => Ok(None),
        }
    }

    /// One connection to its end; whether the server took it.
    async fn connect(&mut self, own: &Own, seen: &mut Seen) -> bool {
        let tls = own.tls.clone();
        let Some((mut link, _)) = self.open(&tls).await else {
            return false;
        };
        link.say(&hello(seen)).await;
        self.stay(&mut link, &own.membership, seen).await
    }

    fn show(&self, code: String) {
        let shown = self.standing.code.lock();
        *shown.unwrap_or_else(PoisonError::into_inner) = Some(code);
    }

    fn asks(&self, identity: &Identity, nonce: &str) -> Result<FromDevice, IdentityError> {
        Ok(FromDevice::Enrol(Box::new(Enrol {
            key: identity.prove(nonce)?,
            seal_key: identity.seal_key().to_owned(),
            serial: self.serial.clone(),
            model: "simulated".to_owned(),
            token: None,
            // A crowd goes by the keys that it came in with.
            root: None,
        })))
    }

    async fn stay(&mut self, link: &mut Link, own: &Membership, seen: &mut Seen) -> bool {
        let (mut greeted, place) = (false, self.place);
        let mut touched = helped::Touched::default();
        loop {
            let heard = tokio::select! {
                heard = link.hear() => heard,
                _ = self.away.wait_for(|away| place < *away) => break,
            };
            let Ok(message) = heard else { break };
            if !greeted {
                greeted = true;
                self.standing.connected.fetch_add(1, Ordering::Relaxed);
                self.standing.opened.fetch_add(1, Ordering::Relaxed);
            }
            let goes_on = match message {
                FromServer::Order(signed) => self.confirm(link, &signed, own, seen).await,
                FromServer::Help(wanted) => helped::answer(link, &mut touched, wanted).await,
                _ => true,
            };
            if !goes_on {
                break;
            }
        }
        if greeted {
            self.standing.connected.fetch_sub(1, Ordering::Relaxed);
        }
        greeted
    }

    async fn confirm(
        &self,
        link: &mut Link,
        signed: &Signed,
        own: &Membership,
        seen: &mut Seen,
    ) -> bool {
        let keys: Vec<_> = own
            .signing_keys
            .iter()
            .filter_map(|key| key_from_text(key))
            .collect();
        let order = signed.verify(&keys).ok();
        let order =
            order.filter(|order| order.device == own.device && order.generation > seen.generation);
        let Some(order) = order else {
            self.standing.refused.fetch_add(1, Ordering::Relaxed);
            return false;
        };
        seen.generation = order.generation;
        seen.digest = digest(&signed.order);
        let report = Report {
            generation: order.generation,
            outcome: Outcome::Confirmed {},
        };
        let told = link.say(&FromDevice::Report(report)).await;
        self.standing.confirmed.fetch_add(1, Ordering::Relaxed);
        told
    }
}

fn hello(seen: &Seen) -> FromDevice {
    FromDevice::Hello(Box::new(Hello {
        agent: env!("CARGO_PKG_VERSION").to_owned(),
        generation: seen.generation,
        seen: seen.generation,
        seen_digest: seen.digest.clone(),
        report: None,
        room: None,
        system: None,
        helps: true,
        trust: None,
    }))
}
