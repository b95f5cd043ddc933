//! The API as programs meet it: over TLS, with tokens.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::{Certificate, Client, Method};
use saal_fleet_protocol::fleet::api::NewAccess;
use serde_json::{Value, json};

use super::*;
use crate::{
    Options, Server, authorisation,
    fleet::audit::Stamp,
    store::{Store, testing::Fresh},
};

const CHECKED_IN: &str = include_str!("../../openapi.json");

pub(crate) struct Fleet {
    folder: Fresh,
    server: Server,
    store: Store,
    http: Client,
}

impl Fleet {
    pub(crate) async fn start() -> Self {
        let folder = Fresh::new();
        let options = Options {
            data: folder.path().to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            shared: folder.shared(),
            names: vec!["localhost".to_owned()],
        };
        let server = Server::start(options).await.unwrap();
        let store = folder.store();
        let ca = std::fs::read(folder.path().join("ca.pem")).unwrap();
        let http = Client::builder().tls_certs_only([Certificate::from_pem(&ca).unwrap()]);
        Self {
            folder,
            server,
            store,
            http: http.build().unwrap(),
        }
    }

    pub(crate) async fn token(&self, role: Role, scope: &str) -> String {
        let new = NewAccess {
            name: format!("{role:?} of {scope}"),
            role,
            scope: scope.parse().unwrap(),
            days: None,
        };
        self.store
            .run(move |tx| access::grant(tx, &new, &Stamp::server(Timestamp::now())))
            .await
            .unwrap()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) async fn send(
        &self,
        method: &Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> (StatusCode, Value) {
        let url = format!("{}{}", self.server.url(), path.replace(['{', '}'], ""));
        let mut request = self.http.request(method.clone(), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = request.body(text).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        let read = serde_json::from_str(&text);
        (status, read.unwrap_or(Value::String(text)))
    }
}

/// Method, path and role of each endpoint, as the description has them.
fn endpoints() -> Vec<(Method, String, Role)> {
    let description: Value = serde_json::from_str(&description()).unwrap();
    let mut all = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let role = operation["security"][0]["token"][0].clone();
            let role = serde_json::from_value(role).unwrap();
            let method = method.to_uppercase().parse().unwrap();
            all.push((method, path.clone(), role));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_endpoint_is_for_its_role_and_those_above() {
    let fleet = Fleet::start().await;
    let mut tokens = Vec::new();
    for role in ROLES {
        tokens.push((role, fleet.token(role, "/").await));
    }
    let all = endpoints();
    let said = all
        .iter()
        .map(|(method, path, role)| (method, path.as_str(), *role));
    assert_eq!(
        authorisation::said(said),
        authorisation::api(),
        "the description (left) is not what authorisation.txt says"
    );
    for (method, path, needed) in &all {
        let place = format!("{method} {path}");
        for wrong in [None, Some("saal-access-wrong")] {
            let (status, problem) = fleet.send(method, path, wrong, &Value::Null).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{place}");
            assert_eq!(problem["code"], "unauthorised", "{place}");
        }
        for (role, token) in &tokens {
            let (status, _) = fleet.send(method, path, Some(token), &Value::Null).await;
            let forbidden = status == StatusCode::FORBIDDEN;
            assert_eq!(forbidden, role < needed, "{place} as {role:?}: {status}");
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{place} as {role:?}");
            assert!(!status.is_server_error(), "{place} as {role:?}: {status}");
        }
        let (status, _) = fleet
            .send(&Method::PATCH, path, Some(&tokens[2].1), &Value::Null)
            .await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_ends_at_its_site() {
    let fleet = Fleet::start().await;
    let kassel = fleet.token(Role::Administrator, "kassel").await;
    let status = async |method: Method, path: &str, body: Value| {
        fleet.send(&method, path, Some(&kassel), &body).await.0
    };
    let read = async |scope: &str| {
        let path = format!("/api/v1/settings?scope={scope}");
        status(Method::GET, &path, Value::Null).await
    };
    assert_eq!(read("kassel/rathaus").await, StatusCode::OK);
    assert_eq!(read("fulda").await, StatusCode::FORBIDDEN);
    assert_eq!(read("/").await, StatusCode::FORBIDDEN);
    let elsewhere = [
        (
            Method::PUT,
            "settings",
            json!({"scope": "fulda", "edits": [{"set": {"key": "panel.theme", "value": "dark"}}]}),
        ),
        (
            Method::PUT,
            "secrets",
            json!({"scope": "fulda", "name": "x", "content": "x"}),
        ),
        // What a token lets in may be put anywhere.
        (
            Method::POST,
            "tokens",
            json!({"name": "x", "uses": 1, "hours": 1}),
        ),
        (
            Method::POST,
            "access",
            json!({"name": "x", "role": "viewer", "scope": "/"}),
        ),
        (
            Method::POST,
            "webhooks",
            json!({"name": "x", "url": "https://example.org", "scope": "fulda"}),
        ),
        (Method::DELETE, "access/first", Value::Null),
        (Method::GET, "audit/check", Value::Null),
    ];
    for (method, path, body) in elsewhere {
        let status = status(method, &format!("/api/v1/{path}"), body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let here =
        json!({"name": "booking system", "role": "viewer", "scope": "kassel/rathaus", "days": 30});
    assert_eq!(
        status(Method::POST, "/api/v1/access", here).await,
        StatusCode::OK
    );
    assert_eq!(
        status(Method::GET, "/metrics", Value::Null).await,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_is_served_to_all_and_is_the_one_that_is_checked_in() {
    if std::env::var_os("SAAL_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        std::fs::write(path, description()).unwrap();
        return;
    }
    let hint = "SAAL_BLESS=1 cargo test -p saal-fleet accepts the new one";
    assert_eq!(description(), CHECKED_IN, "{hint}");
    let fleet = Fleet::start().await;
    let (status, served) = fleet
        .send(&Method::GET, "/api/v1/openapi.json", None, &Value::Null)
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(served, serde_json::from_str::<Value>(CHECKED_IN).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_is_in_the_log_with_who_did_it_and_what_was_before() {
    let fleet = Fleet::start().await;
    let token = fleet.token(Role::Administrator, "/").await;
    let ask = async |method: Method, path: &str, body: Value| {
        let path = format!("/api/v1/{path}");
        fleet.send(&method, &path, Some(&token), &body).await.1
    };
    for theme in ["light", "dark"] {
        let edit = json!([{"set": {"key": "panel.theme", "value": theme}}]);
        ask(
            Method::PUT,
            "settings",
            json!({"scope": "kassel", "edits": edit}),
        )
        .await;
        // A look at what would be is none.
        ask(
            Method::PUT,
            "settings?dry_run=true",
            json!({"scope": "fulda", "edits": edit}),
        )
        .await;
    }
    let secret = json!({"scope": "kassel", "name": "matrix-token", "content": "geheim"});
    ask(Method::PUT, "secrets", secret).await;
    let log = ask(Method::GET, "audit?scope=kassel", Value::Null).await;
    assert!(!log.to_string().contains("geheim"), "{log}");
    let items = log["items"].as_array().unwrap();
    let acts: Vec<&str> = items
        .iter()
        .map(|entry| entry["act"].as_str().unwrap())
        .collect();
    assert_eq!(acts, ["secret_set", "setting_set", "setting_set"]);
    assert_eq!(
        items[1]["by"],
        json!({"kind": "program", "name": "Administrator of /"})
    );
    assert_eq!(items[1]["before"]["value"], "light");
    assert_eq!(items[1]["after"]["value"], "dark");
    let check = ask(Method::GET, "audit/check", Value::Null).await;
    // The root, the first token, this test's, and the three.
    assert_eq!(check["entries"], 6, "{check}");
    assert_eq!(check["broken_at"], Value::Null);
    let (_, metrics) = fleet
        .send(&Method::GET, "/metrics", Some(&token), &Value::Null)
        .await;
    let metrics = metrics.as_str().unwrap().to_owned();
    assert!(
        metrics.contains("\nsaal_fleet_audit_entries_total 6\n"),
        "{metrics}"
    );
    assert!(fleet.folder.path().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_that_is_over_or_taken_away_opens_nothing() {
    let fleet = Fleet::start().await;
    let token = fleet.token(Role::Administrator, "/").await;
    let new = json!({"name": "x", "role": "viewer", "scope": "/", "days": 0});
    let over = fleet
        .send(&Method::POST, "/api/v1/access", Some(&token), &new)
        .await
        .1;
    let look = async |token: &str| {
        fleet
            .send(&Method::GET, "/api/v1/devices", Some(token), &Value::Null)
            .await
            .0
    };
    assert_eq!(
        look(over["token"].as_str().unwrap()).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(look(&token).await, StatusCode::OK);
    let gone = "/api/v1/access/Administrator%20of%20%2F";
    let (status, _) = fleet
        .send(&Method::DELETE, gone, Some(&token), &Value::Null)
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(look(&token).await, StatusCode::UNAUTHORIZED);
}
