//! Sessions that the server ends, and what earlier versions and damage leave behind.

use std::{collections::BTreeMap, sync::Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use matrix_sdk::{Client, config::SyncSettings};
use saal_harness::MEETING;
use tokio::sync::watch;

use super::*;

/// Stands before the home server and can end all sessions softly: their devices stay, and have to
/// show again who they are (client-server API, "Soft logout"). It can also hold up joins.
pub(super) struct Gateway {
    homeserver: String,
    http: reqwest::Client,
    /// How often sessions were ended.
    ended: watch::Sender<u32>,
    /// When the server gave which token, as [`Self::ended`].
    given: Mutex<BTreeMap<String, u32>>,
    /// What was sent to log in.
    log_ins: watch::Sender<Vec<Value>>,
    /// How many joins have come, and whether they wait here.
    joins: watch::Sender<(u32, bool)>,
}

impl Gateway {
    /// Where it listens, and itself.
    pub(super) async fn start(homeserver: &str) -> (String, Arc<Self>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let gateway = Arc::new(Self {
            homeserver: homeserver.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            ended: watch::Sender::new(0),
            given: Mutex::default(),
            log_ins: watch::Sender::default(),
            joins: watch::Sender::default(),
        });
        let service = Router::new().fallback(answer).with_state(gateway.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        (address, gateway)
    }

    /// Joins wait from now on, or no longer.
    pub(super) fn hold_joins(&self, hold: bool) {
        self.joins.send_modify(|(_, held)| *held = hold);
    }

    /// Waits until somebody asks to join.
    pub(super) async fn is_asked_to_join(&self) {
        let mut joins = self.joins.subscribe();
        let asked = joins.wait_for(|(asked, _)| *asked > 0);
        let asked = tokio::time::timeout(PATIENCE, asked).await;
        asked.expect("nobody joins").unwrap();
    }

    async fn let_join(&self) {
        self.joins.send_modify(|(asked, _)| *asked += 1);
        let mut joins = self.joins.subscribe();
        joins.wait_for(|(_, held)| !held).await.unwrap();
    }

    fn end_sessions(&self) {
        self.ended.send_modify(|count| *count += 1);
    }

    /// How often sessions had been ended when the server gave this token.
    fn given(&self, token: &str) -> u32 {
        let given = self.given.lock().unwrap();
        given.get(token).copied().unwrap_or(0)
    }

    /// Remembers what the server gives and what it is asked for it.
    fn note(&self, path: &str, asked: &[u8], answer: &[u8]) {
        if path.ends_with("/login") {
            let asked = serde_json::from_slice(asked).unwrap();
            self.log_ins.send_modify(|all| all.push(asked));
        }
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let now = *self.ended.borrow();
        for name in ["access_token", "refresh_token"] {
            if let Some(token) = answer[name].as_str() {
                self.given.lock().unwrap().insert(token.to_owned(), now);
            }
        }
    }

    async fn pass_on(
        &self,
        method: Method,
        uri: &Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let url = format!("{}{}", self.homeserver, uri);
        let request = self.http.request(method, url).headers(headers);
        let answer = request.body(body.clone()).send().await.unwrap();
        let (status, answer) = (answer.status(), answer.bytes().await.unwrap());
        if status.is_success()
            && (uri.path().ends_with("/login") || uri.path().ends_with("/refresh"))
        {
            self.note(uri.path(), &body, &answer);
        }
        (status, [(header::CONTENT_TYPE, "application/json")], answer).into_response()
    }
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    let shown = headers.get(header::AUTHORIZATION);
    let shown = shown.and_then(|token| token.to_str().ok()?.strip_prefix("Bearer "));
    let renewed: Value = serde_json::from_slice(&body).unwrap_or_default();
    let renewed = renewed["refresh_token"].as_str();
    let token = shown.or(renewed).map(str::to_owned);
    for name in [header::HOST, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    if uri.path().ends_with("/join") {
        gateway.let_join().await;
    }
    let mut ended = gateway.ended.subscribe();
    let Some(token) = token else {
        return gateway.pass_on(method, &uri, headers, body).await;
    };
    let given = gateway.given(&token);
    let refused = ended.wait_for(|ended| given < *ended);
    tokio::select! {
        biased;
        _ = refused => {
            let error = json!({
                "errcode": "M_UNKNOWN_TOKEN", "error": "Access token has expired", "soft_logout": true,
            });
            (StatusCode::UNAUTHORIZED, axum::Json(error)).into_response()
        }
        answer = gateway.pass_on(method, &uri, headers, body) => answer,
    }
}

fn signed_out(event: &MeetingEvent) -> bool {
    matches!(event, MeetingEvent::Account(AccountState::SignedOut { .. }))
}

#[test]
fn a_soft_sign_out_is_mended_as_the_same_device_or_told() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("softly").await?;
        let store = tempfile::tempdir().unwrap();
        let (address, gateway) = Gateway::start(stage.servers.homeserver()).await;
        let start = |log_in| {
            Account::with(&stage, log_in, store.path(), |settings| {
                settings.homeserver = address.parse().unwrap();
            })
        };
        let mut account = start(password(&user));
        account.identity(IdentityState::Verified).await;
        let before = signed_devices(&user, &keys(&user).await?);
        let (heard, mut log_ins) = (account.said.len(), gateway.log_ins.subscribe());
        gateway.end_sessions();
        account.online().await;
        account.identity(IdentityState::Verified).await;
        let silent = |event: &MeetingEvent| match event {
            MeetingEvent::Account(state) => matches!(state, AccountState::Online { .. }),
            _ => true,
        };
        let after = &account.said[heard..];
        assert!(after.iter().all(silent), "{after:?}");
        let asked = log_ins.borrow_and_update().clone();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[1]["device_id"], before[0].0.as_str());
        assert_eq!(signed_devices(&user, &keys(&user).await?), before);
        drop(account);

        let mut account = start(forgotten(&user));
        account.identity(IdentityState::Verified).await;
        gateway.end_sessions();
        account.until(signed_out).await;
        drop(account);
        let mut account = start(password(&user));
        account.identity(IdentityState::Verified).await;
        assert_eq!(signed_devices(&user, &keys(&user).await?), before);
        Ok(())
    })
}

#[test]
fn a_login_token_is_good_once_and_the_session_lasts() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("token").await?;
        let answer = user
            .asks("POST", "../v1/login/get_token", Some(&json!({})))
            .await?;
        let token = answer["login_token"].as_str().unwrap();
        let log_in = || LogIn::LoginToken(Ok(token.to_owned().into()));
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, log_in(), store.path());
        account.identity(IdentityState::Verified).await;
        drop(account);
        let before = signed_devices(&user, &keys(&user).await?);
        let mut account = Account::start(&stage, log_in(), store.path());
        account.identity(IdentityState::Verified).await;
        assert_eq!(signed_devices(&user, &keys(&user).await?), before);

        let elsewhere = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, log_in(), elsewhere.path());
        account.until(signed_out).await;
        Ok(())
    })
}

#[test]
fn a_plain_store_of_an_earlier_version_is_sealed_and_the_device_keeps_its_keys() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("plain").await?;
        let store = tempfile::tempdir().unwrap();
        // As version 0.1 kept it.
        let folder = format!("{}_PLAIN", user.user_id.replace(['@', ':'], "_"));
        let folder = store.path().join(folder);
        let client = Client::builder().homeserver_url(stage.servers.homeserver());
        let client = client.sqlite_store(&folder, None).build().await.unwrap();
        let log_in = client.matrix_auth().login_username(&user.user_id, PASSWORD);
        let session = log_in.device_id("PLAIN").send().await.unwrap();
        client.sync_once(SyncSettings::default()).await.unwrap();
        let encryption = client.encryption();
        let identity = encryption.bootstrap_cross_signing_if_needed(None);
        identity.await.unwrap();
        drop((encryption, client));
        let before = signed_devices(&user, &keys(&user).await?);
        assert_eq!(before.len(), 1, "{before:?}");
        assert!(folder.join("matrix-sdk-crypto.sqlite3").exists());

        let log_in = LogIn::AccessToken(session.access_token.into());
        let mut account = Account::start(&stage, log_in, store.path());
        account.identity(IdentityState::Verified).await;
        assert_eq!(signed_devices(&user, &keys(&user).await?), before);
        let left = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap());
        let left = left.filter(|entry| entry.path().is_file());
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(left.is_empty(), "plain files: {left:?}");
        Ok(())
    })
}

fn identity(event: &MeetingEvent) -> bool {
    matches!(event, MeetingEvent::Identity(_))
}

/// The ids of the account's devices that carry the room's name.
async fn rooms_devices(user: &User) -> Result<Vec<Value>> {
    let devices = user.asks("GET", "devices", None).await?;
    let devices = devices["devices"].as_array().unwrap().iter();
    let devices = devices.filter(|device| device["display_name"] == "Raum Lahn");
    Ok(devices.map(|device| device["device_id"].clone()).collect())
}

#[test]
fn lost_keys_are_told_until_the_room_can_be_another_device_of_the_same_account() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("lost").await?;
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, password(&user), store.path());
        account.identity(IdentityState::Verified).await;
        drop(account);
        let key = saal_matrix::recovery_key(&sealing(), store.path()).expect("the room made one");
        let (before, old) = (keys(&user).await?, rooms_devices(&user).await?);
        assert_eq!(old.len(), 1);
        closed(store.path()).await?;
        let mut damaged = databases(store.path(), "keys");
        let sealed = ["device-keys.sealed", "recovery-key.sealed"];
        damaged.extend(sealed.map(|file| store.path().join(file)));
        damage(&damaged);

        let room = user.create_room("Anything", &[]).await?;
        for title in ["at once", "and after a restart"] {
            let mut account = Account::start(&stage, forgotten(&user), store.path());
            account.identity(IdentityState::KeysLost).await;
            account.online().await;
            let meeting = json!({ "calendar": [], "title": title });
            user.send_state(&room, MEETING, &room, &meeting).await?;
            let invited = |event: &MeetingEvent| match event {
                MeetingEvent::Invitations(all) => {
                    let told = all.iter().filter_map(|one| one.calendar_event.as_ref());
                    told.into_iter().any(|event| event["title"] == title)
                }
                _ => false,
            };
            account.until(invited).await;
            // It does not call itself verified by the keys that it has now.
            let mut told = account.said.iter().filter(|event| identity(event));
            let lost = MeetingEvent::Identity(IdentityState::KeysLost);
            assert!(
                told.all(|event| *event == lost),
                "{title}: {:?}",
                account.said
            );
        }
        assert_eq!(rooms_devices(&user).await?, old);

        let mut account = Account::start(&stage, password(&user), store.path());
        let needed = IdentityState::RecoveryKeyNeeded { wrong: false };
        account.identity(needed).await;
        account.recover(key.reveal());
        account.identity(IdentityState::Verified).await;
        let after = keys(&user).await?;
        assert_eq!(master_key(&user, &after), master_key(&user, &before));
        let new = rooms_devices(&user).await?;
        assert!(new.len() == 1 && new != old, "{new:?} after {old:?}");
        let signed = signed_devices(&user, &after);
        assert!(signed.iter().any(|(id, _)| *id == new[0]), "{signed:?}");
        Ok(())
    })
}
