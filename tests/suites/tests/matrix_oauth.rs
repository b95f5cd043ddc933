//! People sign the room in at a service that has the home server's accounts (OAuth 2.0): by a code, and with another
//! device of the account.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::{collections::BTreeSet, time::Duration};

use futures_util::StreamExt as _;
use matrix_sdk::{
    Client, SessionMeta, SessionTokens,
    authentication::{
        matrix::MatrixSession,
        oauth::qrcode::{GrantLoginProgress, QrCodeData},
    },
    config::SyncSettings,
    store::RoomLoadSettings,
};
use saal_harness::{AccountServers, Element, Room, RoomOptions, SERVER_NAME, User, run};
use saal_meeting::AccountState;
use saal_suites::{PATIENCE, Result, panel_says, scanned, shows};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

/// One home server with its service for all tests here, one test at a time.
async fn servers() -> Result<MutexGuard<'static, Option<AccountServers>>> {
    static SERVERS: Mutex<Option<AccountServers>> = Mutex::const_new(None);
    let mut servers = SERVERS.lock().await;
    if servers.is_none() {
        *servers = Some(AccountServers::start().await?);
    }
    Ok(servers)
}

/// A room whose account somebody has to sign in.
async fn room_of(servers: &AccountServers, user: &str) -> Result<Room> {
    let homeserver = servers.homeserver();
    let more = format!(
        "[matrix]\nhomeserver = {homeserver:?}\noauth = true\nuser = {user:?}\n\
         allowed_servers = [{SERVER_NAME:?}]\n"
    );
    let options = RoomOptions {
        more,
        ..RoomOptions::default()
    };
    Room::standing(servers.folder(), &options).await
}

/// Waits for an element of the panel.
async fn element(room: &Room, id: &str) -> Result<Element> {
    let there = |tree: &saal_harness::PanelTree| tree.elements.iter().any(|e| e.id == id);
    let tree = room.panel_shows(id, PATIENCE, there).await?;
    Ok(tree.elements.into_iter().find(|e| e.id == id).unwrap())
}

/// The code that people type; the QR code leads to it.
async fn code(room: &Room) -> Result<String> {
    let code = element(room, "user-code").await?.label;
    let link = String::from_utf8(scanned(room, "code").await?).unwrap();
    assert!(link.ends_with(&format!("/link?code={code}")), "{link}");
    let address = element(room, "address").await?.label;
    assert!(link.starts_with(&address), "{link} is at {address}");
    Ok(code)
}

async fn new_code(room: &Room, after: &str) -> Result<String> {
    panel_says(room, after).await?;
    room.touch_element("New code").await?;
    code(room).await
}

async fn online(room: &Room) -> Result<()> {
    let online = |status: &saal_harness::control::Status| {
        matches!(status.account, AccountState::Online { .. }) && status.troubles.is_empty()
    };
    room.status_is("a room that is online and content", PATIENCE, online)
        .await
        .map(drop)
}

/// The devices that the account has signed, by what they are called.
async fn signed(user: &User) -> Result<Vec<String>> {
    let body = json!({ "device_keys": { user.user_id.as_str(): [] } });
    let keys = user.asks("POST", "keys/query", Some(&body)).await?;
    let names = |of: &Value| -> BTreeSet<String> {
        let all = of.as_object().into_iter().flatten();
        all.map(|(id, _)| id.clone()).collect()
    };
    let signers = names(&keys["self_signing_keys"][&user.user_id]["keys"]);
    let devices = keys["device_keys"][&user.user_id].as_object();
    let is_signed = |keys: &Value| {
        let signatures = names(&keys["signatures"][&user.user_id]);
        !signatures.is_disjoint(&signers)
    };
    let devices = devices.into_iter().flatten();
    let devices = devices.filter(|(_, keys)| is_signed(keys));
    let name = |keys: &Value| {
        keys["unsigned"]["device_display_name"]
            .as_str()
            .map(str::to_owned)
    };
    Ok(devices.filter_map(|(_, keys)| name(keys)).collect())
}

#[test]
fn a_room_is_signed_in_by_a_code_and_stays_until_somebody_ends_that() -> Result<()> {
    run(async {
        let servers = servers().await?;
        let servers = servers.as_ref().unwrap();
        let accounts = &servers.accounts;
        accounts.set_lifetime(Duration::from_secs(3));
        let user = accounts.create_user("lahn").await?;
        accounts.create_user("anna").await?;
        let room = room_of(servers, "lahn").await?;

        panel_says(&room, "The room is not signed in yet").await?;
        room.touch_element("Sign in").await?;
        accounts.deny(&code(&room).await?)?;
        let second = new_code(&room, "The sign-in was declined").await?;
        accounts.expire(&second)?;
        let third = new_code(&room, "The code has run out").await?;
        accounts.allow(&third, "anna")?;
        let last = new_code(&room, "@anna:saal.test is not the room’s account").await?;
        accounts.allow(&last, "lahn")?;
        online(&room).await?;
        assert!(accounts.clients().iter().all(|name| name == "Raum Lahn"));
        signed_is(&user, &["Raum Lahn"]).await?;

        // Tokens last seconds; nobody notices.
        let mut news = News::new(&user).await?;
        let renewed = accounts.renewals() + 2;
        let renewals = async || news.send().await.map(|()| accounts.renewals());
        saal_harness::until("renewed tokens", PATIENCE, renewals, |n| *n >= renewed).await?;
        online(&room).await?;
        let kept = std::fs::read(room.state().join("matrix/session.sealed")).unwrap();
        assert!(
            !kept.windows(7).any(|part| part == b"refresh"),
            "it lies sealed"
        );
        room.kill();
        room.status_is("another process", PATIENCE, |_| room.starts() == 2)
            .await?;
        online(&room).await?;

        let ended = accounts.end_sessions("lahn").await?;
        assert_eq!(ended.len(), 1, "one device all the time: {ended:?}");
        signed_out(&room, &mut news).await?;
        room.kill();
        panel_says(&room, "The room was signed out").await?;
        room.touch_element("Sign in").await?;
        accounts.allow(&code(&room).await?, "lahn")?;
        online(&room).await?;
        signed_is(&user, &["Raum Lahn"]).await?;

        // The service has cleaned up among its clients.
        accounts.forget_clients();
        let tree = signed_out(&room, &mut news).await?;
        assert!(shows(&tree, "Somebody ended its session"));
        room.stop().await;
        Ok(())
    })
}

/// Something happens again and again, so that the room asks the server what.
struct News<'a> {
    user: &'a User,
    matrix_room: String,
    sent: u32,
}

impl<'a> News<'a> {
    async fn new(user: &'a User) -> Result<Self> {
        Ok(Self {
            user,
            matrix_room: user.create_room("News", &[]).await?,
            sent: 0,
        })
    }

    async fn send(&mut self) -> Result<()> {
        self.sent += 1;
        let topic = json!({ "topic": self.sent.to_string() });
        let room = &self.matrix_room;
        self.user.send_state(room, "m.room.topic", "", &topic).await
    }
}

async fn signed_out(room: &Room, news: &mut News<'_>) -> Result<saal_harness::PanelTree> {
    let look = async || {
        news.send().await?;
        room.panel().await
    };
    let said = |tree: &saal_harness::PanelTree| shows(tree, "The room was signed out");
    saal_harness::until("a room that was signed out", PATIENCE, look, said).await
}

async fn signed_is(user: &User, wanted: &[&str]) -> Result<()> {
    let look = async || signed(user).await;
    saal_harness::until("signed devices", PATIENCE, look, |now| now == wanted).await?;
    Ok(())
}

/// A device of the account that has its keys, as a person's telephone.
async fn telephone(servers: &AccountServers, user: &User) -> Client {
    let client = Client::builder().homeserver_url(servers.homeserver());
    let client = client.build().await.unwrap();
    let session = MatrixSession {
        meta: SessionMeta {
            user_id: user.user_id.as_str().try_into().unwrap(),
            device_id: user.device_id.as_str().into(),
        },
        tokens: SessionTokens {
            access_token: user.access_token.clone(),
            refresh_token: None,
        },
    };
    let auth = client.matrix_auth();
    auth.restore_session(session, RoomLoadSettings::default())
        .await
        .unwrap();
    client.sync_once(SyncSettings::default()).await.unwrap();
    let encryption = client.encryption();
    encryption
        .bootstrap_cross_signing_if_needed(None)
        .await
        .unwrap();
    client
}

/// What the telephone does with the panel's code: shows digits, which people enter at the panel as `entered` says, and
/// allows what the service shows it.
async fn scan(
    servers: &AccountServers,
    telephone: &Client,
    room: &Room,
    entered: impl Fn(u8) -> u8,
) -> Result<()> {
    let data = QrCodeData::from_bytes(&scanned(room, "code").await?).unwrap();
    let oauth = telephone.oauth();
    let grant = oauth.grant_login_with_qr_code().scan(&data);
    let mut progress = Box::pin(grant.subscribe_to_progress());
    let granting = async { grant.await.map_err(|error| error.to_string()) };
    let people = async {
        while let Some(now) = progress.next().await {
            match now {
                GrantLoginProgress::EstablishingSecureChannel(shown) => {
                    let digits = entered(shown.check_code.to_digit());
                    for digit in format!("{digits:02}").chars() {
                        room.touch_element(&digit.to_string()).await?;
                    }
                    room.touch_element("Continue").await?;
                }
                GrantLoginProgress::WaitingForAuth { verification_uri } => {
                    let code = element(room, "user-code").await?.label;
                    assert!(verification_uri.as_str().ends_with(&code));
                    servers.accounts.allow(&code, "spree")?;
                }
                _ => {}
            }
        }
        Ok::<_, saal_harness::Error>(())
    };
    tokio::select! {
        granted = granting => assert_eq!(granted, Ok(())),
        // Wrong digits end it at the panel; the telephone would wait.
        said = async { people.await?; std::future::pending().await } => return said,
        said = panel_says(room, "That was not the number") => return said.map(drop),
    }
    Ok(())
}

#[test]
fn another_device_of_the_account_signs_the_room_in_and_verifies_it() -> Result<()> {
    run(async {
        let servers = servers().await?;
        let servers = servers.as_ref().unwrap();
        servers.accounts.set_lifetime(Duration::from_secs(3600));
        let user = servers.accounts.create_user("spree").await?;
        let telephone = telephone(servers, &user).await;
        let room = room_of(servers, "@spree:saal.test").await?;
        room.touch_element("Sign in").await?;
        element(&room, "user-code").await?;
        room.touch_element("With another device").await?;
        element(&room, "by-code").await?;
        Box::pin(scan(servers, &telephone, &room, |shown| (shown + 1) % 100)).await?;
        room.touch_element("New code").await?;
        element(&room, "user-code").await?;
        room.touch_element("With another device").await?;
        element(&room, "by-code").await?;
        Box::pin(scan(servers, &telephone, &room, |shown| shown)).await?;
        online(&room).await?;
        // Nobody gave the room a recovery key: the telephone gave it the account's keys.
        signed_is(&user, &["Raum Lahn"]).await?;
        room.kill();
        room.status_is("another process", PATIENCE, |_| room.starts() == 2)
            .await?;
        online(&room).await?;
        let ended = servers.accounts.end_sessions("spree").await?;
        assert_eq!(ended.len(), 1, "the same device: {ended:?}");
        signed_out(&room, &mut News::new(&user).await?).await?;
        room.stop().await;
        Ok(())
    })
}
