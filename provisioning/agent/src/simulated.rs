//! A crowd of devices without rooms, over real TLS and the real protocol, to see what a server bears.

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use saal_fleet_protocol::fleet::{
    order::{Signed, key_from_text},
    wire::{Enrol, FromDevice, FromServer, Hello, Membership, Outcome, Report},
};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

use crate::{
    agent::digest,
    backoff::Backoff,
    discovery::Place,
    identity::{Identity, IdentityError},
    link::{Credentials, Link},
    settings::{Settings, SettingsError},
};

/// Handshakes under way; more only wait for each other.
const AT_ONCE: usize = 64;

/// How the devices stand.
#[derive(Debug, Default)]
struct Standing {
    enrolled: AtomicU32,
    connected: AtomicU32,
    confirmed: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
    code: Mutex<Option<String>>,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Of the fleet.
    pub enrolled: u32,
    /// Connected with a certificate and greeted.
    pub connected: u32,
    /// Orders that were verified and confirmed, all together.
    pub confirmed: u64,
    /// Orders that were not believed.
    pub refused: u64,
    /// Connections that failed or broke.
    pub lost: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            enrolled,
            connected,
            confirmed,
            refused,
            lost,
        } = self;
        write!(
            f,
            "{enrolled} enrolled, {connected} connected, {confirmed} orders confirmed, {refused} refused, {lost} \
             connections lost"
        )
    }
}

/// The crowd. Dropping it ends all its connections.
#[derive(Debug)]
pub struct Crowd {
    standing: Arc<Standing>,
    _devices: JoinSet<()>,
}

impl Crowd {
    /// Lets so many devices come; their serial numbers are `serials` with a number from 0 behind it.
    ///
    /// # Errors
    /// When the address is none.
    pub fn start(
        server: &str,
        ca: PathBuf,
        devices: u32,
        serials: &str,
    ) -> Result<Self, SettingsError> {
        let (settings, server) = Settings::reaching(server, ca)?;
        let (settings, place) = (Arc::new(settings), Arc::new(Place::from(server)));
        let standing = Arc::new(Standing::default());
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut all = JoinSet::new();
        for number in 0..devices {
            let device = Device {
                serial: format!("{serials}{number}"),
                settings: settings.clone(),
                place: place.clone(),
                standing: standing.clone(),
                turns: turns.clone(),
            };
            all.spawn(async move {
                if let Err(error) = device.live().await {
                    tracing::error!(%error, "a simulated device ended");
                }
            });
        }
        Ok(Self {
            standing,
            _devices: all,
        })
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
        }
    }

    /// What the panel of a device shows that waits to be claimed: of the one that was told last.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let code = self.standing.code.lock();
        code.unwrap_or_else(PoisonError::into_inner).clone()
    }
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
    place: Arc<Place>,
    standing: Arc<Standing>,
    turns: Arc<Semaphore>,
}

impl Device {
    async fn live(&self) -> Result<(), IdentityError> {
        let identity = Identity::unkept()?;
        let (mut membership, mut seen) = (None, Seen::default());
        let mut backoff = Backoff::default();
        loop {
            let joined = membership.is_some();
            if self.connect(&identity, &mut membership, &mut seen).await? {
                backoff.reset();
                if !joined {
                    continue;
                }
            }
            self.standing.lost.fetch_add(1, Ordering::Relaxed);
            sleep(backoff.next(fastrand::f64())).await;
        }
    }

    /// One connection to its end; whether the server took it.
    async fn connect(
        &self,
        identity: &Identity,
        membership: &mut Option<Membership>,
        seen: &mut Seen,
    ) -> Result<bool, IdentityError> {
        let credentials = membership.as_ref().map(|own| Credentials {
            certificate: own.certificate.clone(),
            key: identity.key_der(),
        });
        let turn = self.turns.acquire().await;
        let Ok(mut link) = Link::open(&self.settings, &self.place, credentials).await else {
            return Ok(false);
        };
        let Ok(FromServer::Challenge { nonce }) = link.hear().await else {
            return Ok(false);
        };
        match membership {
            None => {
                link.say(&self.enrol(identity, &nonce)?).await;
                let mut heard = link.hear().await;
                if let Ok(FromServer::Waiting { .. }) = heard {
                    // For people, who take their time.
                    drop(turn);
                }
                while let Ok(FromServer::Waiting { code }) = heard {
                    self.show(code.to_string());
                    heard = link.hear().await;
                }
                if let Ok(FromServer::Enrolled(new)) = heard {
                    self.standing.enrolled.fetch_add(1, Ordering::Relaxed);
                    *membership = Some(*new);
                    return Ok(true);
                }
                Ok(false)
            }
            Some(own) => {
                link.say(&hello(seen)).await;
                drop(turn);
                Ok(self.stay(&mut link, own, seen).await)
            }
        }
    }

    fn show(&self, code: String) {
        let shown = self.standing.code.lock();
        *shown.unwrap_or_else(PoisonError::into_inner) = Some(code);
    }

    fn enrol(&self, identity: &Identity, nonce: &str) -> Result<FromDevice, IdentityError> {
        Ok(FromDevice::Enrol(Box::new(Enrol {
            key: identity.prove(nonce)?,
            seal_key: identity.seal_key().to_owned(),
            serial: self.serial.clone(),
            model: "simulated".to_owned(),
            token: None,
        })))
    }

    async fn stay(&self, link: &mut Link, own: &Membership, seen: &mut Seen) -> bool {
        let mut greeted = false;
        while let Ok(message) = link.hear().await {
            if !greeted {
                greeted = true;
                self.standing.connected.fetch_add(1, Ordering::Relaxed);
            }
            if let FromServer::Order(signed) = message
                && !self.confirm(link, &signed, own, seen).await
            {
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
    }))
}
