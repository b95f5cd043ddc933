//! Many devices at once, over real TLS: all of them come, all are told, and all come back.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]
#![allow(clippy::print_stdout, reason = "how long it took")]

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use reqwest::{Certificate, Client, Method};
use saal_agent::simulated::{Counts, Crowd};
use saal_fleet::{Options, Server, open_many_files};
use serde_json::{Value, json};

const DEVICES: u32 = 2000;
const PATIENCE: Duration = Duration::from_secs(600);

async fn until(crowd: &Crowd, what: &str, done: impl Fn(&Counts) -> bool) {
    let begun = Instant::now();
    loop {
        let counts = crowd.counts();
        if done(&counts) {
            println!(
                "{what} after {:.1} s: {counts}",
                begun.elapsed().as_secs_f64()
            );
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: {counts}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Api {
    http: Client,
    url: String,
    token: String,
}

impl Api {
    fn of(data: &std::path::Path, server: &Server) -> Self {
        let access = std::fs::read_to_string(data.join("access.toml")).unwrap();
        let access: toml::Table = toml::from_str(&access).unwrap();
        let ca = std::fs::read(data.join("ca.pem")).unwrap();
        let http = Client::builder().tls_certs_only([Certificate::from_pem(&ca).unwrap()]);
        Self {
            http: http.build().unwrap(),
            url: server.url().to_owned(),
            token: access["token"].as_str().unwrap().to_owned(),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self
            .http
            .request(method, format!("{}/api/v1/{path}", self.url));
        let answer = request
            .bearer_auth(&self.token)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    async fn set(&self, scope: &str, key: &str, value: Value) -> Value {
        let edits = json!([{"set": {"key": key, "value": value}}]);
        self.ask(
            Method::PUT,
            "settings",
            json!({"scope": scope, "edits": edits}),
        )
        .await
    }
}

fn options(data: &std::path::Path, port: u16) -> Options {
    Options {
        data: data.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        shared: None,
        names: vec!["localhost".to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_devices_come_are_told_and_come_back_after_a_restart() {
    open_many_files();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(options(data, 0)).await.unwrap();
    let api = Api::of(data, &server);
    api.set("/", "room.time_zone", json!("Europe/Berlin")).await;
    api.set("/", "room.name", json!("Raum")).await;
    api.set("/", "fleet.server", json!("fleet.example.org"))
        .await;
    let expected = |number: u32| json!({"serial": format!("SIM-{number}"), "room": format!("sim/g{}/r{number}", number % 20)});
    let serials: Vec<Value> = (0..DEVICES).map(expected).collect();
    api.ask(Method::POST, "serials", json!({"serials": serials}))
        .await;

    let crowd = Crowd::start(server.url(), data.join("ca.pem"), DEVICES, "SIM-").unwrap();
    let all = u64::from(DEVICES);
    until(&crowd, "all configured", |c| {
        c.connected == DEVICES && c.confirmed == all
    })
    .await;
    let preview = api.set("sim", "panel.theme", json!("dark")).await;
    assert_eq!(preview["changed"], DEVICES);
    until(&crowd, "a change for all confirmed", |c| {
        c.confirmed == 2 * all
    })
    .await;

    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    server.stop().await;
    until(&crowd, "the server gone", |c| c.connected == 0).await;
    let server = Server::start(options(data, port)).await.unwrap();
    until(&crowd, "all back", |c| c.connected == DEVICES).await;
    let counts = crowd.counts();
    assert_eq!(
        (counts.enrolled, counts.confirmed, counts.refused),
        (DEVICES, 2 * all, 0)
    );
    let page = api
        .ask(
            Method::GET,
            "devices?search=SIM-1999&sort=serial",
            json!(null),
        )
        .await;
    assert_eq!(page["items"][0]["generation"], 2, "{page}");
    drop(crowd);
    server.stop().await;
}
