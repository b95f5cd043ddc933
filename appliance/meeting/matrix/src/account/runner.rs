//! Signs in, syncs, comes back by itself.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use jiff::Timestamp;
use matrix_sdk::{
    Client, SessionChange,
    ruma::{
        OwnedRoomId,
        api::error::{ErrorKind, RetryAfter},
    },
};
use saal_meeting::{AccountAction, AccountState, MeetingEvent};
use tokio::sync::{
    Mutex,
    broadcast::{self, error::TryRecvError},
    mpsc, watch,
};

use super::{
    Doors, Heard, Hearing, Rooms,
    contact::Contact,
    joining::Joins,
    keys::KeyStore,
    media_keys, oauth,
    open::{self, Opened},
    session::{self, Session},
    store::{self, Part, StoreFailure},
    syncing::{Syncing, Trouble},
    vault::Vault,
    verification::Desk,
};
use crate::{
    backoff::Backoff,
    credential::Credential,
    homeserver::Homeserver,
    jitter,
    rtc::{Device, keys::KeyEvent},
    settings::MatrixSettings,
};

/// A disk that was full is looked at again this often.
const STORE_RETRY: Duration = Duration::from_secs(30);

/// Where the account reports to.
pub(crate) struct Account {
    pub settings: MatrixSettings,
    pub dir: PathBuf,
    pub homeserver: Homeserver,
    /// What `homeserver` shows; the account sets and renews it.
    pub credential: Credential,
    /// Whose account it is, as soon as that is known.
    pub identity: watch::Sender<Option<Device>>,
    pub rooms: watch::Sender<Rooms>,
    /// What syncs now, for what calls have to encrypt; another one after the store failed.
    pub client: watch::Sender<Option<Client>>,
    /// What its encryption remembers.
    pub sessions: watch::Sender<Option<KeyStore>>,
    pub key_events: broadcast::Sender<KeyEvent>,
    /// How it stands with rooms that it is not in.
    pub doors: watch::Sender<Doors>,
    /// What happens in rooms.
    pub heard: broadcast::Sender<Heard>,
    /// Whom the account ignores, by user id.
    pub ignored: watch::Sender<BTreeSet<String>>,
    pub states: mpsc::UnboundedSender<MeetingEvent>,
    /// What IT wants of the account.
    pub asked: Mutex<mpsc::UnboundedReceiver<AccountAction>>,
}

/// Why a round of syncing ended.
enum Stop {
    /// The server no longer knows the token; `soft`: it still knows the device.
    SignedOut {
        soft: bool,
        reason: String,
    },
    Store(StoreFailure),
    /// The disk store can be tried again.
    DiskMayBeBack,
    /// The rooms have to be read from the start.
    Anew,
}

/// Runs until the server refuses the account.
pub(crate) async fn run(account: Account) {
    let vault = Vault::new(&account.dir, &account.settings.sealing);
    let known = session::load(&vault, &account.settings);
    let mut runner = Runner {
        desk: Desk::new(account.states.clone(), account.settings.verifiers.clone()),
        contact: Contact::new(account.states.clone()),
        verified: false,
        is_to_be_known: false,
        kept_keys: None,
        account,
        vault,
        read: BTreeSet::new(),
        store_failure: None,
        made_anew: None,
        begun_anew: (Backoff::homeserver(), None),
        may_slide: true,
        ignored: Vec::new(),
        unfollowed: BTreeSet::new(),
    };
    let known = runner.begin_with(known);
    let early = runner.open_early(known.as_ref());
    let (early, session) = tokio::join!(early, runner.sign_in(known.as_ref()));
    let Some(session) = session else { return };
    let early = early.filter(|_| known.as_ref() == Some(&session));
    let early = early.map(|(opened, read)| {
        runner.read = read;
        opened
    });
    runner.remember(&session);
    Box::pin(runner.sync_forever(early, session)).await;
}

pub(super) struct Runner {
    pub(super) account: Account,
    pub(super) vault: Vault,
    /// Rooms that were read from the store that is open, and are read again when a sync tells of them.
    pub(super) read: BTreeSet<OwnedRoomId>,
    /// The account lives in memory because of this.
    store_failure: Option<(StoreFailure, Instant)>,
    pub(super) desk: Desk,
    contact: Contact,
    /// The account has signed this device.
    pub(super) verified: bool,
    /// The server did not answer when it should have: it is asked again after the next sync.
    pub(super) is_to_be_known: bool,
    /// What the last copy of the device's keys held.
    pub(super) kept_keys: Option<[u8; 32]>,
    /// When a damaged store was last made anew.
    made_anew: Option<Instant>,
    /// When rooms had to be read from the start, and what to wait if that is soon again.
    begun_anew: (Backoff, Option<Instant>),
    /// The server has not refused sliding sync since the start.
    may_slide: bool,
    /// Invitations that were logged as not allowed.
    pub(super) ignored: Vec<String>,
    /// Rooms that replace others and don't let the account in.
    pub(super) unfollowed: BTreeSet<String>,
}

impl Runner {
    pub(super) fn say(&self, state: AccountState) {
        let _ = self.account.states.send(MeetingEvent::Account(state));
    }

    pub(super) fn server(&self) -> String {
        self.account.settings.homeserver.to_string()
    }

    /// The store of last time's account with its rooms, before the server has answered.
    async fn open_early(&self, known: Option<&Session>) -> Option<(Opened, BTreeSet<OwnedRoomId>)> {
        let opening = open::on_disk(known?, &self.vault, &self.account.dir);
        let opened = Box::pin(opening).await.ok()?;
        let read = self.publish_all_rooms(&opened.client).await;
        // How old something is means nothing before it is there.
        self.contact.read(&opened.client).await;
        Some((opened, read))
    }

    pub(super) fn unreachable(&self, reason: String) {
        tracing::warn!(server = %self.server(), reason, "the homeserver can't be reached");
        self.say(AccountState::Unreachable {
            server: self.server(),
            reason,
        });
    }

    async fn sync_forever(&mut self, early: Option<Opened>, mut session: Session) {
        let mut opened = match early {
            Some(opened) => opened,
            None => self.open(&session).await,
        };
        loop {
            if opened.new_keys
                && let Some(other) = self.another_device(&session).await
            {
                session = other;
                opened = self.open(&session).await;
            }
            self.follow_tokens(&opened.client, &session);
            self.desk.take_requests(&opened.client);
            self.verified = false;
            let stop = self.sync(&opened, &session.device()).await;
            // Refresh tokens are good for once: what was renewed meanwhile counts.
            if let Some(tokens) = opened.client.session_tokens() {
                session = session.with_tokens(tokens);
            }
            match stop {
                Stop::SignedOut { .. } if let Some(kept) = self.renewed_elsewhere(&session) => {
                    session = kept;
                    opened = self.open(&session).await;
                }
                Stop::SignedOut { soft, reason } => {
                    let Some(again) = self.sign_in_again(&session, soft, reason).await else {
                        return;
                    };
                    session = again;
                    opened = self.open(&session).await;
                }
                Stop::Store(failure) => opened = self.after(failure, &session).await,
                Stop::DiskMayBeBack => {
                    self.store_failure = None;
                    opened = self.open(&session).await;
                }
                Stop::Anew => opened = self.begin_anew(&session).await,
            }
        }
    }

    /// A client that was to end may have renewed the session after this one took it up.
    fn renewed_elsewhere(&self, session: &Session) -> Option<Session> {
        let kept = session::load(&self.vault, &self.account.settings)?;
        let other = kept.device() == session.device() && kept.tokens() != session.tokens();
        (other && !kept.ended && kept.renews()).then_some(kept)
    }

    /// On disk, else in memory.
    async fn open(&mut self, session: &Session) -> Opened {
        self.read.clear();
        let opening = open::on_disk(session, &self.vault, &self.account.dir);
        match Box::pin(opening).await {
            Ok(opened) => opened,
            Err(failure) => {
                self.store_failed(failure);
                self.open_in_memory(session).await
            }
        }
    }

    /// A store that is damaged is made anew, but not again and again: then the disk itself is.
    async fn after(&mut self, failure: StoreFailure, session: &Session) -> Opened {
        let recently = self.made_anew.is_some_and(|at| at.elapsed() < STORE_RETRY);
        if let (Some(part), false) = (failure.part, recently) {
            self.made_anew = Some(Instant::now());
            let device = store::folder(&self.account.dir, &session.device());
            if open::make_anew(&device.join(part.folder()), failure.clone()).is_ok() {
                return self.open(session).await;
            }
        }
        self.store_failed(failure);
        self.open_in_memory(session).await
    }

    /// Without what the store knows of rooms; the device keeps its keys, and people what they see.
    async fn begin_anew(&mut self, session: &Session) -> Opened {
        let (backoff, last) = &mut self.begun_anew;
        if last.is_some_and(|at| at.elapsed() < STORE_RETRY) {
            tokio::time::sleep(backoff.after_failure(jitter())).await;
        } else {
            backoff.reset();
        }
        *last = Some(Instant::now());
        let device = store::folder(&self.account.dir, &session.device());
        let state = device.join(Part::State.folder());
        match std::fs::remove_dir_all(&state) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                self.store_failed(StoreFailure::new(&state, &error));
                self.open_in_memory(session).await
            }
            _ => self.open(session).await,
        }
    }

    fn store_failed(&mut self, failure: StoreFailure) {
        tracing::error!(
            path = %failure.path.display(), full = failure.full, reason = failure.reason,
            "the account's store failed; the room goes on without it"
        );
        self.say(failure.to_state());
        self.store_failure = Some((failure, Instant::now()));
    }

    async fn open_in_memory(&mut self, session: &Session) -> Opened {
        self.read.clear();
        let mut backoff = Backoff::homeserver();
        loop {
            match Box::pin(open::in_memory(session, &self.vault)).await {
                Ok(opened) => return opened,
                Err(error) => tracing::error!(%error, "no Matrix client"),
            }
            tokio::time::sleep(backoff.after_failure(jitter())).await;
        }
    }

    async fn sync(&mut self, opened: &Opened, device: &Device) -> Stop {
        let client = &opened.client;
        media_keys::listen(client, &self.account.key_events);
        let account = &self.account;
        account.client.send_replace(Some(client.clone()));
        account.sessions.send_replace(Some(opened.sessions.clone()));
        let _hearing = Hearing::start(client, account.heard.clone(), account.ignored.clone());
        let mut backoff = Backoff::homeserver();
        let mut tokens = client.subscribe_to_session_changes();
        let mut syncing = Syncing::new(opened, self.may_slide);
        let mut joins = Joins::default();
        let (mut online, mut whole) = (false, false);
        loop {
            match Box::pin(self.sync_once(client, &mut syncing, online)).await {
                Ok(news) => {
                    let everything = news.complete && !whole;
                    self.take_in(client, &news, everything).await;
                    whole |= news.complete;
                    let say_doors = |doors: &mut Doors| doors.take_in(&news.rooms, &device.user);
                    self.account.doors.send_if_modified(say_doors);
                    self.accept_invitations(client, &device.user, &mut joins)
                        .await;
                    if whole {
                        self.follow_upgrades(client).await;
                    }
                    if !online {
                        self.online(device);
                    }
                    if whole {
                        self.contact.heard(client, Timestamp::now()).await;
                    }
                    if everything {
                        tracing::info!("every room of the account is read and kept");
                    }
                    // Meetings first. Another device may have verified this one, or told it the secrets.
                    let may_be = !self.verified && news.to_device;
                    if everything || (whole && (may_be || self.is_to_be_known)) {
                        self.be_known(opened).await;
                    }
                    self.keep_keys(opened).await;
                    online = true;
                    backoff.reset();
                }
                Err(trouble) => {
                    (online, whole) = (false, false);
                    self.read.clear();
                    let stop = self.meet(trouble, &mut tokens, &mut backoff).await;
                    if let Some(stop) = stop {
                        return stop;
                    }
                }
            }
            if self.disk_may_be_back(device) {
                return Stop::DiskMayBeBack;
            }
        }
    }

    /// Waits until the server may be asked again, unless there is more to do.
    async fn meet(
        &mut self,
        trouble: Trouble,
        tokens: &mut broadcast::Receiver<SessionChange>,
        backoff: &mut Backoff,
    ) -> Option<Stop> {
        let error = match trouble {
            Trouble::Lost => return Some(Stop::Anew),
            Trouble::Withdrawn => {
                self.may_slide = false;
                return Some(Stop::Anew);
            }
            Trouble::Failed(error) => error,
        };
        let stop = self.classify(&error, tokens);
        if stop.is_none() {
            self.out_of_touch(&error);
            tokio::time::sleep(backoff.after_refusal(retry_after(&error), jitter())).await;
        }
        stop
    }

    fn online(&self, device: &Device) {
        tracing::info!(user = %device.user, device = %device.device, "the account is online");
        self.say(AccountState::Online {
            user: device.user.clone(),
        });
    }

    fn classify(
        &self,
        error: &matrix_sdk::Error,
        tokens: &mut broadcast::Receiver<SessionChange>,
    ) -> Option<Stop> {
        // Said of the token alone, also when the attempt to renew it failed in another way.
        let mut soft = None;
        loop {
            match tokens.try_recv() {
                Ok(SessionChange::UnknownToken(data)) => soft = Some(data.soft_logout),
                Ok(SessionChange::TokensRefreshed) => soft = None,
                // Only the last one is kept for us, and only that one matters.
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if oauth::is_forgotten(error) {
            soft = Some(false);
        }
        if let Some(soft) = soft {
            let reason = error.to_string();
            return Some(Stop::SignedOut { soft, reason });
        }
        if self.store_failure.is_some() {
            return None;
        }
        StoreFailure::of_sync(&self.account.dir, error).map(Stop::Store)
    }

    fn disk_may_be_back(&mut self, device: &Device) -> bool {
        let Some((_, checked)) = &mut self.store_failure else {
            return false;
        };
        if checked.elapsed() < STORE_RETRY {
            return false;
        }
        *checked = Instant::now();
        store::probe(&store::folder(&self.account.dir, device)).is_ok()
    }
}

/// How long the server wants to be left alone (`M_LIMIT_EXCEEDED`).
fn retry_after(error: &matrix_sdk::Error) -> Option<Duration> {
    match error.client_api_error_kind()? {
        ErrorKind::LimitExceeded(limit) => match limit.retry_after? {
            RetryAfter::Delay(delay) => Some(delay),
            RetryAfter::DateTime(at) => at.duration_since(SystemTime::now()).ok(),
        },
        _ => None,
    }
}
