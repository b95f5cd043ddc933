//! The agent as a whole: connection after connection, and a look at the room all the while.

mod configuring;
mod helping;
mod identifying;
mod rooms;
mod seeing;
mod trusting;
mod updating;

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use saal_fleet_protocol::fleet::{
    KeyProblem,
    help::PICTURE_EVERY,
    log::LogSent,
    order::Order,
    trust::TrustState,
    update::System,
    wire::{FromDevice, FromServer, Hello, Membership, Refusal, Report, RoomState, Span},
};
use sha2::{Digest as _, Sha256};
use tokio::{
    task::JoinHandle,
    time::{Instant, Interval, MissedTickBehavior, interval, sleep},
};

use self::identifying::{renew, who};
use crate::{
    backoff::Backoff,
    beside::{Begun, beside, end},
    discovery::{Network, Search},
    disk::Folder,
    identity::{self, Identity, IdentityError},
    ledger::{Ledger, LedgerError},
    link::Link,
    room::{self, Room},
    roots::Roots,
    settings::{Settings, SettingsError},
    trial::{Verdict, Watch},
    update::{UpdateError, Updater},
};

/// How often the room is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// While a configuration is tried the server is not waited for long.
const SHORT: Duration = Duration::from_secs(2);

/// The agent can't go on.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its folder.
    #[error("can't use {}: {source}", path.display())]
    Folder {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What survives power cuts.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Keys.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Releases of the system.
    #[error(transparent)]
    Update(#[from] UpdateError),
}

/// Why a connection ended.
enum End {
    /// Another one is wanted at once.
    Again,
    /// It broke, or the server wants none.
    Lost(String),
}

/// A configuration that the room tries.
struct Trying {
    watch: Watch,
    since: Instant,
}

/// The agent.
pub struct Agent {
    /// With the server, as soon as it is known.
    settings: Settings,
    /// Whom it looks for, where its file names no server.
    search: Search,
    network: Network,
    serial: String,
    folder: Folder,
    /// The problem as long as the TPM that has it does not do its part.
    identity: Result<Arc<Identity>, KeyProblem>,
    membership: Option<Membership>,
    /// Who may sign what.
    roots: Roots<Folder>,
    ledger: Ledger<Folder>,
    room: Room,
    trying: Option<Trying>,
    /// It waits until nobody is in a meeting.
    waiting: Option<(Order, String)>,
    /// How the room is.
    seen: Option<RoomState>,
    /// What the server was told of that.
    told: Option<RoomState>,
    /// When the next meeting needs another room.
    seeks: Option<Span>,
    /// What the server was asked of that, and when.
    asked: Option<(Span, Instant)>,
    /// What the server was told of the last order.
    reported: Option<Report>,
    /// The server has answered over this connection.
    greeted: bool,
    /// What the panel shows while the device belongs to nobody.
    code: Option<String>,
    /// The panel was told that the device belongs to a fleet.
    settled: bool,
    /// What the panel was told of the device's key.
    told_key: Option<Option<KeyProblem>>,
    /// Where the system can be updated.
    updater: Option<Updater>,
    /// What the server was told of the system.
    told_system: Option<System>,
    /// The log, while it is read for somebody.
    log: Option<JoinHandle<LogSent>>,
    /// What the server was told of whom the device trusts.
    told_trust: TrustState,
    /// Somebody sees the panel from afar, or asks to.
    help: Option<seeing::Help>,
}

impl Agent {
    /// Lays a new device's first configuration down; its keys can wait until its TPM is there.
    ///
    /// # Errors
    /// [`AgentError`].
    pub fn prepare(settings: &Settings) -> Result<(), AgentError> {
        lay_down(settings).map(drop)
    }

    /// Opens the device's folder; a new device gets its keys and its first configuration.
    ///
    /// # Errors
    /// [`AgentError`]; a TPM that does not do its part is none, as it is asked again before each connection.
    pub fn open(mut settings: Settings) -> Result<Self, AgentError> {
        let (folder, ledger) = lay_down(&settings)?;
        let membership = identity::membership(&folder)?;
        let search = match (&settings.server, &membership) {
            (Some(_), _) => Search::Nobody,
            (None, None) => Search::Anybody,
            (None, Some(_)) => {
                settings.server = identity::found(&folder)?;
                Search::Own
            }
        };
        let patience = patience(&settings);
        // The power went while it was tried.
        let trying = ledger.trying().map(|_| Trying {
            watch: Watch::new(None, patience),
            since: Instant::now(),
        });
        Ok(Self {
            serial: settings.serial()?,
            identity: who(&folder, &settings)?,
            roots: Roots::open(folder.clone(), membership.as_ref())?,
            membership,
            search,
            network: Network::default(),
            room: Room::new(&settings.room_state),
            settings,
            folder,
            ledger,
            trying,
            waiting: None,
            seen: None,
            told: None,
            seeks: None,
            asked: None,
            reported: None,
            greeted: false,
            code: None,
            settled: false,
            told_key: None,
            updater: None,
            told_system: None,
            log: None,
            told_trust: TrustState::default(),
            help: None,
        })
    }

    /// The same, asking others than this computer's network for a server.
    #[must_use]
    pub fn in_network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Stays in touch until something on this device fails.
    ///
    /// # Errors
    /// [`AgentError`]; a server that is not reached is none.
    pub async fn run(&mut self) -> Result<(), AgentError> {
        let mut backoff = Backoff::default();
        loop {
            let reason = match self.connect().await? {
                End::Again => {
                    backoff.reset();
                    continue;
                }
                End::Lost(reason) => reason,
            };
            if std::mem::take(&mut self.greeted) {
                backoff.reset();
            }
            let mut wait = backoff.next(fastrand::f64());
            if self.trying.is_some() {
                wait = wait.min(SHORT);
            }
            tracing::info!(
                reason,
                wait_ms = wait.as_millis(),
                "no connection to the fleet"
            );
            self.code = None;
            self.during(sleep(wait)).await?;
        }
    }

    /// One connection, from the search for a server to its end.
    async fn connect(&mut self) -> Result<End, AgentError> {
        if self.identity.is_err() {
            let (folder, settings) = (self.folder.clone(), self.settings.clone());
            let asked = Box::pin(beside(async move { who(&folder, &settings) }));
            self.identity = self.during(asked).await??;
        }
        if self.identity.is_err() {
            return Ok(End::Lost("the device can't say who it is".to_owned()));
        }
        let settings = self.settings.clone();
        let credentials = self.credentials()?;
        let (network, search) = (self.network.clone(), self.search);
        let open = async move { network.open(&settings, search, credentials).await };
        let opening = Box::pin(beside(open));
        match self.during(opening).await? {
            Ok((link, server)) => {
                self.settings.server = Some(server);
                let end = Box::pin(self.talk(link)).await;
                self.stop_help().await;
                end
            }
            Err(error) => {
                if self.key_problem().is_some() {
                    tracing::error!("{error}");
                }
                Ok(End::Lost(error.to_string()))
            }
        }
    }

    /// Does something else and looks after the room meanwhile.
    async fn during<T>(&mut self, other: impl Future<Output = T>) -> Result<T, AgentError> {
        let mut other = pin!(other);
        let mut looks = every(LOOK);
        loop {
            tokio::select! {
                done = &mut other => return Ok(done),
                _ = looks.tick() => {
                    self.look().await?;
                }
            }
        }
    }

    async fn talk(&mut self, mut link: Link) -> Result<End, AgentError> {
        let nonce = match link.hear().await {
            Ok(FromServer::Challenge { nonce }) => nonce,
            Ok(other) => return Ok(End::Lost(format!("no challenge but {other:?}"))),
            Err(reason) => return Ok(End::Lost(reason)),
        };
        let first = match self.credentials()? {
            None => match self.enrol(&nonce).await? {
                Ok(enrol) => FromDevice::Enrol(Box::new(enrol)),
                Err(reason) => return Ok(End::Lost(reason)),
            },
            Some(_) => FromDevice::Hello(Box::new(self.hello().await)),
        };
        if !link.say(&first).await {
            return Ok(End::Lost("the connection broke".to_owned()));
        }
        let (mut looks, mut pictures) = (every(LOOK), every(PICTURE_EVERY));
        let (mut renewing, mut proving) = (false, None);
        loop {
            let end = tokio::select! {
                heard = link.hear() => match heard {
                    Ok(message) => self.take(message).await?,
                    Err(reason) => Some(End::Lost(reason)),
                },
                _ = looks.tick() => self.look().await?,
                proof = end(&mut proving) => {
                    renew(&mut link, proof).await;
                    None
                }
                _ = pictures.tick(), if self.help.is_some() => self.see(&mut link).await,
            };
            if let Some(end) = end {
                return Ok(end);
            }
            if !renewing && self.wants_renewal() {
                renewing = true;
                proving = Some(Box::pin(self.prove(&nonce)) as Begun<_>);
            }
            if !self.tell(&mut link).await {
                return Ok(End::Lost("the connection broke".to_owned()));
            }
        }
    }

    async fn hello(&mut self) -> Hello {
        let look = self.room.look().await;
        self.told = look.as_ref().map(room::state);
        self.reported = self.ledger.report().cloned();
        self.told_system = self.system();
        self.roots.begin();
        self.told_trust = self.roots.state();
        Hello {
            agent: env!("CARGO_PKG_VERSION").to_owned(),
            generation: self.ledger.good(),
            seen: self.ledger.seen(),
            seen_digest: self.ledger.seen_digest().to_owned(),
            report: self.reported.clone(),
            room: self.told.clone(),
            system: self.told_system.clone(),
            helps: true,
            trust: Some(self.told_trust.clone()),
        }
    }

    async fn take(&mut self, message: FromServer) -> Result<Option<End>, AgentError> {
        match message {
            FromServer::Waiting { code } => {
                tracing::info!(%code, "waits to be claimed");
                self.code = Some(code.to_string());
                self.show().await;
            }
            FromServer::Root(root) => self.roots.take_root(root)?,
            FromServer::Releases(list) => self.roots.take_releases(list)?,
            FromServer::Enrolled(membership) => return self.enrolled(*membership),
            FromServer::Renewed(membership) => {
                self.join(*membership)?;
                return Ok(Some(End::Again));
            }
            FromServer::Refused { why, message } => {
                if why == Refusal::Revoked {
                    tracing::error!(
                        "the fleet revoked this device; `saal-agent forget` makes a new one of it"
                    );
                }
                return Ok(Some(End::Lost(message)));
            }
            FromServer::Order(signed) => {
                self.roots.shown();
                self.reached();
                return self.order(&signed).await;
            }
            FromServer::Current { generation } => {
                tracing::info!(generation, "up to date");
                self.roots.shown();
                self.reached();
            }
            FromServer::OtherRooms { rooms } => self.room.show_other_rooms(rooms).await,
            FromServer::Log(wanted) => self.read_log(wanted),
            FromServer::Help(wanted) => self.help(wanted).await,
            FromServer::Update(signed) => return self.update(&signed),
            FromServer::NoUpdate {} => self.call_back(),
            FromServer::Here { .. } | FromServer::Challenge { .. } => {}
        }
        Ok(None)
    }

    fn reached(&mut self) {
        self.greeted = true;
        if let Some(trying) = &mut self.trying {
            trying.watch.reach();
        }
        if let Some(updater) = &mut self.updater {
            updater.reach();
        }
    }

    /// A look at the room, and what follows from it.
    async fn look(&mut self) -> Result<Option<End>, AgentError> {
        let look = self.room.look().await;
        self.show().await;
        if let Some(trying) = &mut self.trying {
            let verdict = trying.watch.look(look.as_ref(), trying.since.elapsed());
            match verdict {
                Verdict::Wait => {}
                Verdict::Confirm => {
                    self.trying = None;
                    self.ledger.confirm()?;
                    tracing::info!(generation = self.ledger.good(), "confirmed");
                }
                Verdict::RollBack(why, detail) => self.back(why, detail).await?,
            }
        }
        self.seen = look.as_ref().map(room::state);
        let seeks = look.as_ref().and_then(|look| look.day.seeks.as_ref());
        self.seeks = seeks.map(room::span);
        self.look_at_updates(look.as_ref()).await?;
        self.try_waiting().await
    }

    /// Tells the server what is news.
    async fn tell(&mut self, link: &mut Link) -> bool {
        if self.membership.is_none() {
            return true;
        }
        if self.seen.is_some() && self.seen != self.told {
            self.told.clone_from(&self.seen);
            if let Some(state) = self.told.clone()
                && !link.say(&FromDevice::Room(state)).await
            {
                return false;
            }
        }
        self.ask_for_rooms(link).await
            && self.report(link).await
            && self.tell_system(link).await
            && self.tell_trust(link).await
            && self.send_log(link).await
    }

    async fn report(&mut self, link: &mut Link) -> bool {
        let report = self.ledger.report();
        if self.membership.is_none() || report == self.reported.as_ref() {
            return true;
        }
        self.reported = report.cloned();
        match self.reported.clone() {
            Some(report) => link.say(&FromDevice::Report(report)).await,
            None => true,
        }
    }
}

fn lay_down(settings: &Settings) -> Result<(Folder, Ledger<Folder>), AgentError> {
    let path = settings.state.clone();
    let folder = Folder::open(&path).map_err(|source| AgentError::Folder { path, source })?;
    let ledger = Ledger::open(folder.clone(), &settings.first_document())?;
    Ok((folder, ledger))
}

fn refused(reason: &str) -> End {
    tracing::error!(reason, "an order is not believed");
    End::Lost(reason.to_owned())
}

fn patience(settings: &Settings) -> Duration {
    Duration::from_secs(u64::from(settings.confirm_seconds))
}

/// SHA-256 of an order's text, as the server counts it too.
pub(crate) fn digest(order: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(order.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn every(period: Duration) -> Interval {
    let mut every = interval(period);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every
}
