//! Messages on their way: to a mail server and a homeserver of the test's own, which refuse, go away and come back.

mod mail_server;

use std::net::Ipv4Addr;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, put},
};
use reqwest::Method;
use saal_fleet_protocol::fleet::api::{MailSecurity, Role};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use self::mail_server::{MailServer, PASSWORD};
use crate::{
    api::tests::Fleet,
    store::{Tx, params},
};

/// A fleet, and a token that may do everything.
struct Told {
    fleet: Fleet,
    token: String,
}

impl Told {
    async fn start() -> Self {
        let fleet = Fleet::start().await;
        let token = fleet.token(Role::Administrator, "/").await;
        Self { fleet, token }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let path = format!("/api/v1/{path}");
        self.fleet
            .send(&method, &path, Some(&self.token), &body)
            .await
    }

    /// A rule that says everything at once.
    async fn rule(&self, channel: Value, secret: Option<&str>) -> Value {
        let plan = json!({"name": "night shift", "scope": "/", "after_minutes": 0, "gather_seconds": 0,
            "pause_minutes": 0, "channel": channel});
        let (status, answer) = self
            .ask(
                Method::POST,
                "alert-rules",
                json!({"plan": plan, "secret": secret}),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// A room whose device went away a while ago.
    async fn room_goes(&self, device: &'static str, room: &'static str) {
        let sql = "INSERT INTO devices (device, key, seal_key, serial, model, room, claimed, last_seen) VALUES (?1, ?1, '', ?1, '', ?2, 1, 1)";
        let made = move |tx: &Tx<'_>| Ok(tx.execute(sql, params![device, room])?);
        self.fleet.store().run(made).await.unwrap();
    }

    /// How the rule is doing, once that is so.
    async fn until(&self, so: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (_, rules) = self.ask(Method::GET, "alert-rules", Value::Null).await;
            if so(&rules[0]) {
                return rules[0].clone();
            }
            tokio::task::yield_now().await;
        }
    }
}

fn mail(server: &MailServer, security: MailSecurity, to: &[&str]) -> Value {
    json!({"mail": {"server": "localhost", "port": server.port, "security": security, "user": "saal",
        "from": "saal@example.org", "to": to, "authority": server.authority}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_goes_over_tls_to_whoever_the_server_takes_it_for() {
    for security in [MailSecurity::StartTls, MailSecurity::Tls] {
        let mut server = MailServer::start(security).await;
        let told = Told::start().await;
        let to = ["it@example.org", "gone@example.org"];
        told.rule(mail(&server, security, &to), Some(PASSWORD))
            .await;
        told.room_goes("00000000000000aa", "kassel/rathaus/lahn")
            .await;
        let mail = server.mails.recv().await.unwrap();
        assert_eq!(mail.to, ["it@example.org"]);
        assert!(mail.encrypted, "{security:?}");
        assert!(
            mail.text
                .contains("Subject: Saal: kassel/rathaus/lahn is offline\r\n"),
            "{}",
            mail.text
        );
        let rule = told.until(|rule| rule["delivered"].is_string()).await;
        let problem = rule["problem"].as_str().unwrap();
        assert!(
            problem.contains("gone@example.org") && problem.contains("550"),
            "{rule}"
        );
        assert_eq!(rule["failures"], 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_away_gets_the_message_when_it_is_back() {
    let server = MailServer::start(MailSecurity::StartTls).await;
    let told = Told::start().await;
    told.rule(
        mail(&server, MailSecurity::StartTls, &["it@example.org"]),
        Some(PASSWORD),
    )
    .await;
    let gone = server.goes().await;
    told.room_goes("00000000000000aa", "kassel/rathaus/lahn")
        .await;
    let rule = told.until(|rule| rule["failures"] == 1).await;
    assert_eq!(rule["waits"], true);
    assert!(
        rule["problem"].as_str().unwrap().contains("is not reached"),
        "{rule}"
    );
    assert!(rule["next_try"].is_string(), "{rule}");
    let (status, problem) = told
        .ask(Method::POST, "alert-rules/night%20shift/test", Value::Null)
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::BAD_GATEWAY, &json!("not_delivered"))
    );

    let mut server = gone.comes_back().await;
    let mail = server.mails.recv().await.unwrap();
    assert!(
        mail.text.contains("kassel/rathaus/lahn is offline"),
        "{}",
        mail.text
    );
    let rule = told.until(|rule| rule["waits"] == false).await;
    assert_eq!(
        (&rule["failures"], &rule["problem"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_a_server_that_is_not_the_one_or_does_not_encrypt() {
    let mut server = MailServer::start(MailSecurity::None).await;
    let told = Told::start().await;
    told.rule(
        mail(&server, MailSecurity::StartTls, &["it@example.org"]),
        Some(PASSWORD),
    )
    .await;
    let test = async || {
        let path = "alert-rules/night%20shift/test";
        told.ask(Method::POST, path, Value::Null).await.1["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let refused = test().await;
    assert!(refused.contains("offers no STARTTLS"), "{refused}");
    assert!(server.mails.try_recv().is_err());
    assert!(!server.heard().contains("AUTH"), "no password in the clear");

    let stranger = MailServer::start(MailSecurity::StartTls).await;
    told.ask(Method::DELETE, "alert-rules/night%20shift", Value::Null)
        .await;
    let mut channel = mail(&stranger, MailSecurity::StartTls, &["it@example.org"]);
    channel["mail"]["authority"] = json!(server.authority);
    told.rule(channel, Some(PASSWORD)).await;
    let refused = test().await;
    assert!(refused.contains("certificate"), "{refused}");
    assert!(!stranger.heard().contains("AUTH"));
}

/// What a homeserver was asked to send.
type Sent = (String, String, Value);

/// A homeserver: one room that is encrypted, one that is not.
async fn homeserver() -> (String, mpsc::UnboundedReceiver<Sent>) {
    let (sender, sent) = mpsc::unbounded_channel();
    let rooms = "/_matrix/client/v3/rooms/{room}";
    let encryption = async |Path(room): Path<String>| {
        if room == "!secret:example.org" {
            (
                StatusCode::OK,
                Json(json!({"algorithm": "m.megolm.v1.aes-sha2"})),
            )
        } else {
            (
                StatusCode::NOT_FOUND,
                Json(json!({"errcode": "M_NOT_FOUND"})),
            )
        }
    };
    let send = async |State(sender): State<mpsc::UnboundedSender<Sent>>,
                      Path((room, transaction)): Path<(String, String)>,
                      headers: HeaderMap,
                      Json(body): Json<Value>| {
        if headers["authorization"] != "Bearer token" {
            let answer =
                json!({"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised access token"});
            return (StatusCode::UNAUTHORIZED, Json(answer));
        }
        sender.send((room, transaction, body)).unwrap();
        (StatusCode::OK, Json(json!({"event_id": "$x"})))
    };
    let app = Router::new()
        .route(
            &format!("{rooms}/state/m.room.encryption/"),
            get(encryption),
        )
        .route(
            &format!("{rooms}/send/m.room.message/{{transaction}}"),
            put(send),
        )
        .with_state(sender);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_matrix_room_hears_of_it_once_if_it_is_not_encrypted() {
    let (url, mut sent) = homeserver().await;
    let told = Told::start().await;
    let channel = |room: &str| json!({"matrix": {"homeserver": url, "room": room}});
    for (room, token, why) in [
        ("!secret:example.org", "token", "encrypted"),
        ("!it:example.org", "another", "M_UNKNOWN_TOKEN"),
    ] {
        told.rule(channel(room), Some(token)).await;
        let (_, answer) = told
            .ask(Method::POST, "alert-rules/night%20shift/test", Value::Null)
            .await;
        assert!(
            answer["message"].as_str().unwrap().contains(why),
            "{answer}"
        );
        told.ask(Method::DELETE, "alert-rules/night%20shift", Value::Null)
            .await;
    }
    told.rule(channel("!it:example.org"), Some("token")).await;
    told.room_goes("00000000000000aa", "kassel/rathaus/lahn")
        .await;
    let (room, transaction, body) = sent.recv().await.unwrap();
    assert_eq!(room, "!it:example.org");
    assert!(!transaction.is_empty());
    assert_eq!(body["msgtype"], "m.text");
    assert!(
        body["body"]
            .as_str()
            .unwrap()
            .contains("kassel/rathaus/lahn is offline"),
        "{body}"
    );
    told.until(|rule| rule["delivered"].is_string()).await;
    assert!(sent.try_recv().is_err(), "once");
    let (_, open) = told.ask(Method::GET, "alerts", Value::Null).await;
    assert_eq!(open[0]["kind"], "offline", "{open}");
    let elsewhere = told.fleet.token(Role::Viewer, "fulda").await;
    let (_, open) = told
        .fleet
        .send(
            &Method::GET,
            "/api/v1/alerts",
            Some(&elsewhere),
            &Value::Null,
        )
        .await;
    assert_eq!(open, json!([]), "only where somebody may look");
}
