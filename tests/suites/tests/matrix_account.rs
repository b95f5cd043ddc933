//! The room's account on a real home server: logging in, its keys, its identity, its memory.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

#[path = "matrix_account/invitations.rs"]
mod invitations;
#[path = "matrix_account/sessions.rs"]
mod sessions;
#[path = "matrix_account/verification.rs"]
mod verification;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use saal_hal_sim::SimulatedSealer;
use saal_harness::{PASSWORD, SERVER_NAME, User, run};
use saal_matrix::{LogIn, MatrixSettings, Sealing, Service};
use saal_meeting::{
    AccountAction, AccountState, IdentityState, MeetingCommand, MeetingEvent, Secret,
};
use saal_suites::{Result, Taken};
use serde_json::{Value, json};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(120);

/// The room's account alone.
struct Account {
    commands: mpsc::UnboundedSender<MeetingCommand>,
    events: mpsc::UnboundedReceiver<MeetingEvent>,
    /// What it said, in order.
    said: Vec<MeetingEvent>,
}

fn sealing() -> Sealing {
    Sealing(Arc::new(SimulatedSealer::new(7)))
}

impl Account {
    fn start(stage: &Taken, log_in: LogIn, store: &Path) -> Self {
        Self::with(stage, log_in, store, |_| {})
    }

    fn with(
        stage: &Taken,
        log_in: LogIn,
        store: &Path,
        change: impl FnOnce(&mut MatrixSettings),
    ) -> Self {
        let mut settings = MatrixSettings {
            homeserver: stage.servers.homeserver().parse().unwrap(),
            log_in,
            device_name: "Raum Lahn".to_owned(),
            allowed_servers: vec![SERVER_NAME.to_owned()],
            verifiers: Vec::new(),
            call_service: None,
            leave_delay: saal_matrix::LEAVE_DELAY,
            recovery_key: None,
            sealing: sealing(),
        };
        change(&mut settings);
        let (commands, events) = Service::start(settings, store);
        Self {
            commands,
            events,
            said: Vec::new(),
        }
    }

    async fn until(&mut self, wanted: impl Fn(&MeetingEvent) -> bool) {
        let looking = async {
            loop {
                let event = self.events.recv().await.expect("the service lives");
                self.said.push(event);
                if self.said.last().is_some_and(&wanted) {
                    return;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        assert!(found.is_ok(), "only heard {:?}", self.said);
    }

    async fn online(&mut self) {
        let online =
            |e: &MeetingEvent| matches!(e, MeetingEvent::Account(AccountState::Online { .. }));
        self.until(online).await;
    }

    /// Waits until the identity told last is this one. It and the steps of a
    /// verification are told by two tasks, in either order.
    async fn identity(&mut self, wanted: IdentityState) {
        let told = self.said.iter().rev().find_map(|event| match event {
            MeetingEvent::Identity(state) => Some(*state),
            _ => None,
        });
        if told != Some(wanted) {
            self.until(|event| *event == MeetingEvent::Identity(wanted))
                .await;
        }
    }

    fn act(&self, action: AccountAction) {
        self.commands.send(MeetingCommand::Account(action)).unwrap();
    }

    fn recover(&self, key: &str) {
        let key = Secret::new(key);
        self.act(AccountAction::Recover { key });
    }
}

fn password(user: &User) -> LogIn {
    LogIn::Password {
        user: user.user_id.clone(),
        password: Ok(PASSWORD.to_owned().into()),
    }
}

fn forgotten(user: &User) -> LogIn {
    LogIn::Password {
        user: user.user_id.clone(),
        password: Err("nobody wrote it down".to_owned()),
    }
}

/// What others see of a user's keys.
async fn keys(user: &User) -> Result<Value> {
    let body = json!({ "device_keys": { user.user_id.as_str(): [] } });
    user.asks("POST", "keys/query", Some(&body)).await
}

fn master_key(user: &User, keys: &Value) -> Value {
    keys["master_keys"][&user.user_id]["keys"].clone()
}

/// The devices that the account signed, with their keys.
fn signed_devices(user: &User, keys: &Value) -> Vec<(String, Value)> {
    let signer = keys["self_signing_keys"][&user.user_id]["keys"].as_object();
    let signer: BTreeSet<String> = signer
        .into_iter()
        .flatten()
        .map(|(id, _)| id.clone())
        .collect();
    let devices = keys["device_keys"][&user.user_id].as_object();
    let signed = |keys: &Value| {
        let signatures = keys["signatures"][&user.user_id].as_object();
        signatures.is_some_and(|all| all.keys().any(|id| signer.contains(id)))
    };
    let devices = devices.into_iter().flatten();
    devices
        .filter(|(_, keys)| signed(keys))
        .map(|(id, keys)| (id.clone(), keys["keys"].clone()))
        .collect()
}

/// The store's files of one part.
fn databases(store: &Path, part: &str) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(store).unwrap().map(|e| e.unwrap().path());
    let parts = folders
        .map(|folder| folder.join(part))
        .filter(|part| part.is_dir());
    let files = parts.flat_map(|part| std::fs::read_dir(part).unwrap().map(|e| e.unwrap().path()));
    files.collect()
}

/// When a part's database was made.
fn made(store: &Path, part: &str) -> SystemTime {
    let files = databases(store, part).into_iter();
    let mut files = files.filter(|file| file.extension().is_some_and(|e| e == "sqlite3"));
    let file = std::fs::metadata(files.next().unwrap()).unwrap();
    file.created().unwrap()
}

/// Waits until nobody has the databases open, and brings into them what stands in their write-ahead logs: of two
/// connections that end at once, each leaves that to the other. A damaged log is left out without a word, and what stood
/// in it may have hidden the damage of the database.
async fn closed(store: &Path) -> Result<()> {
    let store = store.canonicalize().unwrap();
    let open = async || {
        let files = std::fs::read_dir("/proc/self/fd").unwrap();
        let files = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        let open: Vec<_> = files.filter(|file| file.starts_with(&store)).collect();
        Ok::<_, saal_harness::Error>(open)
    };
    saal_harness::until("closed stores", PATIENCE, open, Vec::is_empty).await?;
    for file in ["state", "keys"]
        .map(|part| databases(&store, part))
        .concat()
    {
        if file.extension().is_some_and(|end| end == "sqlite3") {
            // Whoever closes it last writes the log into it.
            let database = rusqlite::Connection::open(&file).unwrap();
            database
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .unwrap();
        }
    }
    Ok(())
}

/// Every second byte from the middle of each file on is another one.
fn damage(files: &[PathBuf]) {
    assert!(!files.is_empty());
    for file in files {
        let mut bytes = std::fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        for byte in bytes[middle..].iter_mut().step_by(2) {
            *byte = !*byte;
        }
        std::fs::write(file, bytes).unwrap();
    }
}

#[test]
fn a_password_is_needed_once_and_the_room_stays_the_same_verified_device() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("once").await?;
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, password(&user), store.path());
        account.identity(IdentityState::Verified).await;
        drop(account);
        let first = signed_devices(&user, &keys(&user).await?);
        assert_eq!(first.len(), 1, "{first:?}");
        let mut account = Account::start(&stage, forgotten(&user), store.path());
        account.identity(IdentityState::Verified).await;
        assert_eq!(signed_devices(&user, &keys(&user).await?), first);
        Ok(())
    })
}

#[test]
fn a_session_that_runs_out_is_renewed_without_a_word() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("renews").await?;
        let (store, sealed) = (tempfile::tempdir().unwrap(), sealing());
        let mut account = Account::start(&stage, password(&user), store.path());
        account.identity(IdentityState::Verified).await;
        let heard = account.said.len();
        let session = || {
            let file = std::fs::read(store.path().join("session.sealed")).unwrap();
            let sealed_part = file.strip_prefix(b"saal sealed 1\n").unwrap();
            sealed.0.open("session", sealed_part).unwrap()
        };
        let first = session();
        // A message in a room makes the sync ask again as soon as the token has run out.
        let room = user.create_room("Renewed", &[]).await?;
        saal_harness::until(
            "a renewed session",
            PATIENCE,
            async || {
                user.send_state(&room, "m.room.topic", "", &json!({ "topic": "now" }))
                    .await?;
                Ok::<_, saal_harness::Error>(session())
            },
            |now| *now != first,
        )
        .await?;
        drop(account.commands);
        while let Some(event) = account.events.recv().await {
            account.said.push(event);
        }
        let after = &account.said[heard..];
        let silent = |event: &MeetingEvent| !matches!(event, MeetingEvent::Account(_));
        assert!(after.iter().all(silent), "{after:?}");
        let mut account = Account::start(&stage, forgotten(&user), store.path());
        account.identity(IdentityState::Verified).await;
        Ok(())
    })
}

#[test]
fn a_room_that_was_installed_anew_is_itself_again_with_its_recovery_key() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("anew").await?;
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, password(&user), store.path());
        account.identity(IdentityState::Verified).await;
        drop(account);
        let key = saal_matrix::recovery_key(&sealing(), store.path()).expect("the room made one");
        let before = keys(&user).await?;

        let flashed = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, password(&user), flashed.path());
        let needed = |wrong| IdentityState::RecoveryKeyNeeded { wrong };
        account.identity(needed(false)).await;
        account.recover("EsTc 5hSn not a key");
        account.identity(needed(true)).await;
        account.recover(key.reveal());
        account.identity(IdentityState::Verified).await;
        let after = keys(&user).await?;
        assert_eq!(master_key(&user, &after), master_key(&user, &before));
        assert!(master_key(&user, &after).is_object());
        assert_eq!(
            signed_devices(&user, &after).len(),
            2,
            "the old and the new device"
        );
        drop(account);
        let mut account = Account::start(&stage, forgotten(&user), flashed.path());
        account.identity(IdentityState::Verified).await;
        Ok(())
    })
}

#[test]
fn damaged_stores_are_made_anew_and_the_device_keeps_its_keys() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("damaged").await?;
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, password(&user), store.path());
        account.identity(IdentityState::Verified).await;
        drop(account);
        let before = signed_devices(&user, &keys(&user).await?);
        for part in ["state", "keys"] {
            closed(store.path()).await?;
            let made_before = made(store.path(), part);
            damage(&databases(store.path(), part));
            let mut account = Account::start(&stage, forgotten(&user), store.path());
            account.identity(IdentityState::Verified).await;
            assert!(made(store.path(), part) > made_before, "{part} is new");
            drop(account);
            let after = signed_devices(&user, &keys(&user).await?);
            assert_eq!(after, before, "{part}: the same device with the same keys");
        }
        Ok(())
    })
}

/// The account is told of a meeting of this name.
fn meets(title: &str) -> impl Fn(&MeetingEvent) -> bool {
    move |event| match event {
        MeetingEvent::Invitations(all) => all.iter().any(|one| one.name == title),
        _ => false,
    }
}

/// The account's position in the server's list of what is new, forgotten as a server does that tidies up.
async fn forget_position(user: &User) -> Result<()> {
    // By `/sync`, servers forget none.
    if std::env::var_os("SAAL_CLASSIC_SYNC").is_some() {
        return Ok(());
    }
    let path = "../unstable/org.matrix.simplified_msc3575/sync";
    let anew = json!({ "conn_id": "saal" });
    user.asks("POST", path, Some(&anew)).await.map(drop)
}

#[test]
fn many_rooms_and_a_forgotten_position_hide_no_meeting() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Today").await?;
        let (host, user) = (&meeting.host, &meeting.guest);
        user.join(&meeting.matrix_room).await?;
        // More than the server tells of at once, all newer than today's.
        let crowd = (0..20).map(|count| async move {
            let room = host
                .create_room(&format!("Of old {count}"), &[user])
                .await?;
            user.join(&room).await?;
            host.say(&room, "See you").await
        });
        for said in futures_util::future::join_all(crowd).await {
            said?;
        }
        let store = tempfile::tempdir().unwrap();
        let token = || LogIn::AccessToken(user.access_token.clone().into());
        let mut account = Account::start(&stage, token(), store.path());
        account.until(meets("Today")).await;
        account.identity(IdentityState::Verified).await;
        drop(account);
        closed(store.path()).await?;
        let before = signed_devices(user, &keys(user).await?);

        forget_position(user).await?;
        let now = saal_suites::now_ms();
        let room = &meeting.matrix_room;
        host.schedule(room, "Today, but later", now + 3_600_000, now + 7_200_000)
            .await?;
        let mut account = Account::start(&stage, token(), store.path());
        account.until(meets("Today, but later")).await;
        account.identity(IdentityState::Verified).await;
        let after = signed_devices(user, &keys(user).await?);
        assert_eq!(after, before, "the same device with the same keys");
        Ok(())
    })
}

#[test]
fn a_removed_device_is_told_as_such() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("removed").await?;
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, password(&user), store.path());
        account.identity(IdentityState::Verified).await;
        let devices = user.asks("GET", "devices", None).await?;
        let room = devices["devices"].as_array().unwrap().iter();
        let room = room.filter(|device| device["display_name"] == "Raum Lahn");
        let ids: Vec<_> = room.map(|device| device["device_id"].clone()).collect();
        assert_eq!(ids.len(), 1, "{devices}");
        let identifier = json!({ "type": "m.id.user", "user": user.user_id });
        let auth =
            json!({ "type": "m.login.password", "identifier": identifier, "password": PASSWORD });
        let body = json!({ "devices": ids, "auth": auth });
        user.asks("POST", "delete_devices", Some(&body)).await?;
        let removed =
            |e: &MeetingEvent| matches!(e, MeetingEvent::Account(AccountState::Removed { .. }));
        account.until(removed).await;
        let mut account = Account::start(&stage, password(&user), store.path());
        account.until(removed).await;
        Ok(())
    })
}

#[test]
fn an_account_is_made_with_a_registration_token() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let token = stage.servers.registration_token().await?;
        let store = tempfile::tempdir().unwrap();
        let log_in = LogIn::RegistrationToken {
            user: "registered".to_owned(),
            token: Ok(token.into()),
        };
        let mut account = Account::start(&stage, log_in.clone(), store.path());
        account.online().await;
        account.identity(IdentityState::Verified).await;
        drop(account);
        let mut account = Account::start(&stage, log_in, store.path());
        account.online().await;
        let user = format!("@registered:{SERVER_NAME}");
        let online = MeetingEvent::Account(AccountState::Online { user });
        assert!(account.said.contains(&online), "{:?}", account.said);
        Ok(())
    })
}
