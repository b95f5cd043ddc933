//! The API with the first token of a fleet's folder.

use std::path::Path;

use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

pub(crate) struct Api {
    http: Client,
    pub(crate) url: String,
    token: String,
}

impl Api {
    /// At a server, by what lies in the folder of the fleet's first node.
    pub(crate) fn of(data: &Path, url: &str) -> Self {
        let access = std::fs::read_to_string(data.join("access.toml")).unwrap();
        let access: toml::Table = toml::from_str(&access).unwrap();
        let ca = std::fs::read(data.join("ca.pem")).unwrap();
        let http = Client::builder().tls_certs_only([Certificate::from_pem(&ca).unwrap()]);
        Self {
            http: http.build().unwrap(),
            url: url.to_owned(),
            token: access["token"].as_str().unwrap().to_owned(),
        }
    }

    /// The same at another server.
    pub(crate) fn at(self, url: &str) -> Self {
        let url = url.to_owned();
        Self { url, ..self }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v1/{path}", self.url);
        let request = self.http.request(method, url).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// What changing a key of a layer does.
    pub(crate) async fn set(&self, scope: &str, key: &str, value: Value) -> Value {
        let edits = json!([{"set": {"key": key, "value": value}}]);
        let change = json!({"scope": scope, "edits": edits});
        self.ask(Method::PUT, "settings", change).await
    }

    /// What a fleet has in common that has something to tell its devices.
    pub(crate) async fn tell_all(&self) {
        for (key, value) in [
            ("room.time_zone", "Europe/Berlin"),
            ("room.name", "Raum"),
            ("fleet.server", "fleet.example.org"),
        ] {
            self.set("/", key, json!(value)).await;
        }
    }

    /// A figure of those for Prometheus.
    pub(crate) async fn figure(&self, name: &str) -> u64 {
        let request = self.http.get(format!("{}/metrics", self.url));
        let text = request.bearer_auth(&self.token).send().await.unwrap();
        let text = text.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let value = line.unwrap_or_else(|| panic!("no {name} in {text}"));
        value.trim().parse().unwrap()
    }
}
