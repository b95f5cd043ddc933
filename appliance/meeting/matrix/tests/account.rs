//! The account when the world is not as it should be, against a homeserver of a few canned answers.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

mod support;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use saal_matrix::LogIn;
use saal_meeting::{
    AccountAction, AccountState, MeetingCommand, MeetingEvent, SignIn, SignInProblem, SignInWay,
};
use serde_json::json;
use support::{PATIENCE, Request, Room, secret, serve, works};
use tokio::net::TcpListener;

fn password(password: Result<&str, &str>) -> LogIn {
    LogIn::Password {
        user: "room".to_owned(),
        password: password.map(secret).map_err(str::to_owned),
    }
}

/// Answers every request by its path until the test ends.
async fn homeserver(answer: fn(&str) -> (u16, &'static str)) -> SocketAddr {
    serve(move |request: &Request| answer(&request.path)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_named() {
    let store = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut room = Room::start(address, store.path());
    let state = room
        .until(|state| matches!(state, AccountState::Unreachable { .. }))
        .await;
    let AccountState::Unreachable { server, .. } = state else {
        unreachable!()
    };
    assert!(server.contains(&address.port().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_signed_out_and_never_shown() {
    let store = tempfile::tempdir().unwrap();
    let refuses = |_: &str| {
        (
            401,
            r#"{"errcode":"M_UNKNOWN_TOKEN","error":"Invalid token"}"#,
        )
    };
    let mut room = Room::start(homeserver(refuses).await, store.path());
    let state = room
        .until(|state| matches!(state, AccountState::SignedOut { .. }))
        .await;
    assert!(format!("{state:?}").contains("M_UNKNOWN_TOKEN"));
    assert!(!format!("{state:?}").contains("syt_secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_is_told_and_the_account_is_online_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    std::fs::write(&store, "a file where a folder should be").unwrap();
    let mut room = Room::start(homeserver(works).await, &store);
    let state = room
        .until(|state| matches!(state, AccountState::StoreFailed { .. }))
        .await;
    let AccountState::StoreFailed { path, full, .. } = state else {
        unreachable!()
    };
    assert!(path.starts_with(store.to_str().unwrap()) && !full);
    room.until(|state| matches!(state, AccountState::Online { user } if user == "@room:hs"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_of_the_account_holds_no_secret() {
    let store = tempfile::tempdir().unwrap();
    let mut room = Room::start(homeserver(works).await, store.path());
    room.until(|state| matches!(state, AccountState::Online { .. }))
        .await;
    let saved = std::fs::read(store.path().join("session.sealed")).unwrap();
    assert!(!String::from_utf8_lossy(&saved).contains("syt_secret"));
}

/// A homeserver with one account, whose password is "open sesame".
#[derive(Default)]
struct Accounts {
    /// Tokens that are good now; each log-in gives `token1`, `token2`, …
    good: Mutex<Vec<String>>,
    /// What was asked of log-ins, in their order.
    log_ins: Mutex<Vec<String>>,
    renewals: Mutex<u32>,
    /// Which renewal's token was last used: the room has kept it before.
    used: AtomicU32,
    /// Gives refresh tokens.
    renews: bool,
    /// What a token that is not good is answered.
    soft: bool,
    /// The one that is good; each is for once.
    refresh: Mutex<String>,
    /// Offers sliding sync.
    slides: bool,
    /// Has forgotten the next position that it is asked from.
    forgets: AtomicBool,
}

const SLIDING: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";

impl Accounts {
    fn session(&self, device: &str) -> String {
        let mut good = self.good.lock().unwrap();
        let count = self.log_ins.lock().unwrap().len() + *self.renewals.lock().unwrap() as usize;
        *good = vec![format!("token{count}")];
        *self.refresh.lock().unwrap() = format!("renew{count}");
        let renew = self
            .renews
            .then(|| format!(r#","refresh_token":"renew{count}""#));
        format!(
            r#"{{"user_id":"@room:hs","device_id":"{device}","access_token":"token{count}"{}}}"#,
            renew.unwrap_or_default()
        )
    }

    fn answer(&self, request: &Request) -> (u16, String) {
        let path = request.path.split('?').next().unwrap_or_default();
        if path.ends_with("/login") {
            self.log_ins.lock().unwrap().push(request.body.clone());
            let device = if request.body.contains("DEV7") {
                "DEV7"
            } else {
                "DEV"
            };
            return if request.body.contains("open sesame") {
                (200, self.session(device))
            } else {
                (
                    403,
                    r#"{"errcode":"M_FORBIDDEN","error":"Invalid password"}"#.to_owned(),
                )
            };
        }
        if path.ends_with("/refresh") {
            if !request
                .body
                .contains(&format!("\"{}\"", self.refresh.lock().unwrap()))
            {
                let no = r#"{"errcode":"M_FORBIDDEN","error":"not valid any more"}"#;
                return (403, no.to_owned());
            }
            *self.renewals.lock().unwrap() += 1;
            return (200, self.session("DEV"));
        }
        let good = self.good.lock().unwrap().contains(&request.token);
        if !good && path != "/_matrix/client/versions" {
            let soft = self.soft;
            let body =
                format!(r#"{{"errcode":"M_UNKNOWN_TOKEN","error":"no","soft_logout":{soft}}}"#);
            return (401, body);
        }
        if good {
            self.used
                .store(*self.renewals.lock().unwrap(), Ordering::Relaxed);
        }
        match path {
            "/_matrix/client/versions" if self.slides => {
                let features = json!({ "org.matrix.simplified_msc3575": true });
                let versions = json!({ "versions": ["v1.11"], "unstable_features": features });
                return (200, versions.to_string());
            }
            SLIDING if self.forgets.swap(false, Ordering::Relaxed) => {
                let forgotten = r#"{"errcode":"M_UNKNOWN_POS","error":"who?"}"#;
                return (400, forgotten.to_owned());
            }
            SLIDING => {
                let nothing = json!({ "pos": "1", "lists": { "all": { "count": 0 } } });
                return (200, nothing.to_string());
            }
            _ => {}
        }
        let (status, body) = works(path);
        (status, body.to_owned())
    }

    async fn start(self) -> (SocketAddr, Arc<Self>) {
        let accounts = Arc::new(self);
        let answering = accounts.clone();
        (
            serve(move |request| answering.answer(request)).await,
            accounts,
        )
    }

    fn log_ins(&self) -> Vec<String> {
        self.log_ins.lock().unwrap().clone()
    }

    fn forget_tokens(&self) {
        self.good.lock().unwrap().clear();
    }

    /// Until the room uses what it got the last time.
    async fn have_renewed(&self, times: u32) {
        let renewed = async {
            while self.used.load(Ordering::Relaxed) < times {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, renewed).await.unwrap();
    }
}

fn online(state: &AccountState) -> bool {
    matches!(state, AccountState::Online { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_needed_once_and_kept_nowhere() {
    let store = tempfile::tempdir().unwrap();
    let (server, accounts) = Accounts::default().start().await;
    let mut room = Room::log_in(server, store.path(), password(Ok("open sesame")));
    room.until(online).await;
    drop(room);
    let mut room = Room::log_in(server, store.path(), password(Err("the file is gone")));
    room.until(online).await;
    let asked = accounts.log_ins();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0].contains("Raum Lahn"),
        "the device has the room's name"
    );
    for entry in walk(store.path()) {
        let bytes = std::fs::read(&entry).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("open sesame"), "{}", entry.display());
        assert!(!text.contains("token1"), "{}", entry.display());
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_and_not_tried_again() {
    let store = tempfile::tempdir().unwrap();
    let (server, accounts) = Accounts::default().start().await;
    let mut room = Room::log_in(server, store.path(), password(Ok("sesame")));
    let state = room
        .until(|state| matches!(state, AccountState::SignedOut { .. }))
        .await;
    assert!(
        format!("{state:?}").contains("Invalid password"),
        "{state:?}"
    );
    assert_eq!(accounts.log_ins().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_cannot_be_read_is_named() {
    let store = tempfile::tempdir().unwrap();
    let (server, _) = Accounts::default().start().await;
    let mut room = Room::log_in(
        server,
        store.path(),
        password(Err("/etc/saal/password: no")),
    );
    let state = room
        .until(|state| matches!(state, AccountState::SignedOut { .. }))
        .await;
    assert!(
        format!("{state:?}").contains("/etc/saal/password"),
        "{state:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soft_sign_out_is_mended_as_the_same_device_without_a_word() {
    let store = tempfile::tempdir().unwrap();
    let soft = Accounts {
        soft: true,
        ..Accounts::default()
    };
    let (server, accounts) = soft.start().await;
    let mut room = Room::log_in(server, store.path(), password(Ok("open sesame")));
    room.until(online).await;
    accounts.forget_tokens();
    // The canned server answers each sync at once; the next one finds the token refused.
    let mut seen = Vec::new();
    while accounts.log_ins().len() < 2 || !seen.iter().any(online) {
        if let MeetingEvent::Account(state) = room.next().await {
            seen.push(state);
        }
    }
    assert!(accounts.log_ins()[1].contains(r#""device_id":"DEV""#));
    assert!(seen.iter().all(online), "{seen:?}");
}

/// A room whose token has run out once, and was renewed.
async fn renewed(store: &Path, slides: bool) -> (SocketAddr, Arc<Accounts>, Room) {
    let renews = Accounts {
        soft: true,
        renews: true,
        slides,
        ..Accounts::default()
    };
    let (server, accounts) = renews.start().await;
    let mut room = Room::log_in(server, store, password(Ok("open sesame")));
    room.until(online).await;
    accounts.forget_tokens();
    accounts.have_renewed(1).await;
    (server, accounts, room)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_runs_out_is_renewed_and_the_renewed_one_survives_a_restart() {
    let store = tempfile::tempdir().unwrap();
    let (server, accounts, room) = renewed(store.path(), false).await;
    drop(room);
    let mut room = Room::log_in(server, store.path(), password(Err("gone")));
    room.until(online).await;
    assert_eq!(accounts.log_ins().len(), 1, "nobody logged in again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_renewed_counts_when_the_rooms_have_to_be_read_from_the_start() {
    let store = tempfile::tempdir().unwrap();
    let (_, accounts, mut room) = renewed(store.path(), true).await;
    accounts.forgets.store(true, Ordering::Relaxed);
    room.until(online).await;
    // The first refresh token is long used up: only the last one brings another.
    accounts.forget_tokens();
    accounts.have_renewed(2).await;
    assert_eq!(accounts.log_ins().len(), 1, "nobody logged in again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_device_stays_out_until_there_is_another_password() {
    let store = tempfile::tempdir().unwrap();
    let (server, accounts) = Accounts::default().start().await;
    let mut room = Room::log_in(server, store.path(), password(Ok("open sesame")));
    room.until(online).await;
    accounts.forget_tokens();
    let removed = |state: &AccountState| matches!(state, AccountState::Removed { .. });
    room.until(removed).await;
    drop(room);
    let mut room = Room::log_in(server, store.path(), password(Ok("open sesame")));
    room.until(removed).await;
    assert_eq!(accounts.log_ins().len(), 1);
    let mut room = Room::log_in(server, store.path(), password(Ok("the new open sesame")));
    room.until(online).await;
    assert_eq!(accounts.log_ins().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_registered_with_a_token_and_a_password_that_nobody_knows() {
    let store = tempfile::tempdir().unwrap();
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = bodies.clone();
    let server = serve(move |request: &Request| {
        if !request.path.ends_with("/register") {
            return works(&request.path);
        }
        seen.lock().unwrap().push(request.body.clone());
        if request.body.contains("let me in") {
            return (
                200,
                r#"{"user_id":"@room:hs","device_id":"DEV","access_token":"token"}"#,
            );
        }
        (
            401,
            r#"{"session":"s1","flows":[{"stages":["m.login.registration_token"]}]}"#,
        )
    })
    .await;
    let log_in = LogIn::RegistrationToken {
        user: "room".to_owned(),
        token: Ok(secret("let me in")),
    };
    let mut room = Room::log_in(server, store.path(), log_in);
    room.until(online).await;
    let bodies = bodies.lock().unwrap();
    assert_eq!(bodies.len(), 2);
    assert!(bodies[1].contains(r#""session":"s1""#) && bodies[1].contains(r#""username":"room""#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_can_sign_in_at_is_told_once_somebody_wants_to() {
    let store = tempfile::tempdir().unwrap();
    let log_in = LogIn::OAuth {
        user: "room".to_owned(),
        client_id: None,
    };
    let mut room = Room::log_in(homeserver(works).await, store.path(), log_in);
    let needed = |wanted: fn(&Option<SignInProblem>) -> bool| {
        move |state: &AccountState| {
            matches!(state, AccountState::SigningIn { sign_in: SignIn::Needed { problem }, .. }
                if wanted(problem))
        }
    };
    room.until(needed(Option::is_none)).await;
    let action = AccountAction::SignIn {
        way: SignInWay::Code,
    };
    let command = MeetingCommand::Account(action);
    room.commands.send(command.clone()).unwrap();
    let not_offered = |problem: &Option<_>| {
        matches!(problem, Some(SignInProblem::NotOffered { reason })
            if reason.contains("auth_metadata"))
    };
    room.until(needed(not_offered)).await;
    // It may be another day.
    room.commands.send(command).unwrap();
    room.until(needed(not_offered)).await;
}
