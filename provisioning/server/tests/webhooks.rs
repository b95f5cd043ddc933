//! A system that is told: in order, signed, and again until it has taken it.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hmac::{Hmac, Mac as _};
use reqwest::{Certificate, Client, Method};
use saal_fleet::{Options, Server};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{net::TcpListener, sync::mpsc};

/// What came, and what to answer.
type Told = (HeaderMap, Bytes, tokio::sync::oneshot::Sender<StatusCode>);

async fn listener() -> (String, mpsc::Receiver<Told>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, told) = mpsc::channel(1);
    let hook = post(async move |headers: HeaderMap, body: Bytes| {
        let (answer, status) = tokio::sync::oneshot::channel();
        sender.send((headers, body, answer)).await.unwrap();
        status.await.unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
    });
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", hook)).await });
    (url, told)
}

fn signed(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = headers["saal-signature"].to_str().unwrap();
    let (time, signature) = header
        .strip_prefix("t=")
        .unwrap()
        .split_once(",v1=")
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    let byte = |at: usize| u8::from_str_radix(&signature[at..at + 2], 16).unwrap();
    let signature: Vec<u8> = (0..signature.len()).step_by(2).map(byte).collect();
    mac.verify_slice(&signature).is_ok()
}

/// The API with the first token.
struct Api {
    http: Client,
    url: String,
    token: String,
}

impl Api {
    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self
            .http
            .request(method, format!("{}/api/v1/{path}", self.url));
        let request = request.bearer_auth(&self.token).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }
}

async fn served(data: &Path) -> (Server, Api) {
    let options = Options {
        data: data.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        shared: None,
        names: vec!["localhost".to_owned()],
    };
    let server = Server::start(options).await.unwrap();
    let access = std::fs::read_to_string(data.join("access.toml")).unwrap();
    let access: toml::Table = toml::from_str(&access).unwrap();
    let ca = std::fs::read(data.join("ca.pem")).unwrap();
    let http = Client::builder().tls_certs_only([Certificate::from_pem(&ca).unwrap()]);
    let api = Api {
        http: http.build().unwrap(),
        url: server.url().to_owned(),
        token: access["token"].as_str().unwrap().to_owned(),
    };
    (server, api)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_told_signed_in_order_and_again_until_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (server, api) = served(folder.path()).await;
    let ask = async |method: Method, path: &str, body: Value| api.ask(method, path, body).await;
    let set = async |scope: &str, theme: &str| {
        let edit = json!([{"set": {"key": "panel.theme", "value": theme}}]);
        ask(
            Method::PUT,
            "settings",
            json!({"scope": scope, "edits": edit}),
        )
        .await
    };

    let (url, mut told) = listener().await;
    set("kassel", "light").await;
    let new = json!({"name": "monitoring", "url": url, "scope": "kassel", "acts": ["setting_set"]});
    let secret = ask(Method::POST, "webhooks", new).await["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    set("fulda", "dark").await;
    set("kassel", "dark").await;
    set("kassel", "contrast").await;

    let mut values = Vec::new();
    let mut last = Value::Null;
    // The first is refused; the same one comes again after a pause.
    for answer in [
        StatusCode::BAD_GATEWAY,
        StatusCode::OK,
        StatusCode::NO_CONTENT,
    ] {
        let (headers, body, say) = told.recv().await.unwrap();
        assert!(signed(&secret, &headers, &body));
        last = serde_json::from_slice(&body).unwrap();
        values.push(last["after"]["value"].as_str().unwrap().to_owned());
        say.send(answer).unwrap();
    }
    assert_eq!(values, ["dark", "dark", "contrast"]);
    loop {
        let hooks = ask(Method::GET, "webhooks", Value::Null).await;
        if hooks[0]["delivered"] == last["number"] {
            assert_eq!(hooks[0]["problem"], Value::Null);
            break;
        }
        tokio::task::yield_now().await;
    }
    server.stop().await;
}
