//! The room's computer: what it says of itself, and what it is asked for.

mod components;
mod network;
mod requests;
mod update;

use std::path::{Path, PathBuf};

use saal_core::{Event, Server, SystemFacts};
use saal_fleet_protocol::Config;
use url::Url;

pub(crate) use requests::Requests;

use crate::{
    checkup, discovery,
    input::{Input, Inputs},
    services,
};

/// Where files of the operating system are; elsewhere in tests.
const ROOT: &str = "/";

/// Looks, and tells the room: at once what this computer knows, and then whether servers answer.
pub(crate) fn look(config: &Config, state: &Path, requests: &Requests, inputs: &Inputs) {
    let servers = servers(config, state);
    let (inputs, takes_requests) = (inputs.clone(), requests.are_taken());
    tokio::spawn(async move {
        let look = tokio::task::spawn_blocking(|| facts(Path::new(ROOT)));
        let Ok(facts) = look.await else {
            return;
        };
        let asked = |answers: &[Option<bool>]| SystemFacts {
            takes_requests,
            servers: servers
                .iter()
                .zip(answers)
                .map(|((name, _), answers)| Server {
                    name: name.clone(),
                    answers: *answers,
                })
                .collect(),
            ..facts.clone()
        };
        let tell = |facts| inputs.send(Input::Room(Event::SystemFacts(Box::new(facts))));
        tell(asked(&vec![None; servers.len()]));
        let all = servers.iter().map(|(_, url)| checkup::answers(url));
        let answers: Vec<Option<bool>> = futures_util::future::join_all(all)
            .await
            .into_iter()
            .map(Some)
            .collect();
        tell(asked(&answers));
    });
}

/// What is in files, and what the kernel says.
fn facts(root: &Path) -> SystemFacts {
    let release = Release::of(root);
    let image = release.value("IMAGE_VERSION");
    SystemFacts {
        interfaces: network::interfaces(),
        proxy: services::proxy().map(without_password),
        servers: Vec::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        system: release.value("PRETTY_NAME"),
        update: update::state(root),
        components: components::all(root),
        image,
        takes_requests: false,
    }
}

/// As people read it; whoever stands at the panel learns no password.
fn without_password(mut proxy: Url) -> String {
    // Addresses of proxies have a place for them.
    let _ = proxy.set_password(None);
    let _ = proxy.set_username("");
    proxy.to_string().trim_end_matches('/').to_owned()
}

/// The servers that are configured, each once.
pub(crate) fn servers(config: &Config, state: &Path) -> Vec<(String, Url)> {
    let home = config.matrix.as_ref().and_then(|matrix| {
        let server = &matrix.homeserver;
        match server.server_name() {
            Some(name) => discovery::known(state, name),
            None => Some(server.url().clone()),
        }
    });
    let jitsi = config.jitsi.iter().map(|jitsi| jitsi.host.as_str());
    let jitsi = jitsi.filter_map(|host| Url::parse(&format!("https://{host}/")).ok());
    let standing = config.meetings.iter().map(|meeting| meeting.link.as_str());
    let standing = standing.filter_map(|link| Url::parse(link).ok());
    let calendars = config.calendars.iter();
    let calendars = calendars.filter_map(|c| c.caldav.as_ref().or(c.feed.as_ref()));
    let calendars = calendars.map(|address| address.url().clone());
    let all = home.into_iter().chain(jitsi).chain(standing);
    let mut servers: Vec<(String, Url)> = Vec::new();
    for mut url in all.chain(calendars).filter_map(on_the_web) {
        let host = url.host_str().unwrap_or_default();
        let name = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        if servers.iter().all(|(known, _)| *known != name) {
            url.set_path("/");
            url.set_query(None);
            url.set_fragment(None);
            servers.push((name, url));
        }
    }
    servers
}

/// An address that is asked by HTTP; calendars of the scheme `webcal` are asked by HTTPS.
fn on_the_web(url: Url) -> Option<Url> {
    match url.scheme() {
        "http" | "https" => Some(url),
        "webcal" => {
            let rest = url.as_str().strip_prefix("webcal")?;
            Url::parse(&format!("https{rest}")).ok()
        }
        _ => None,
    }
}

/// What the operating system says of itself (os-release(5)).
pub(super) struct Release(String);

impl Release {
    pub(super) fn of(root: &Path) -> Self {
        let places = ["etc/os-release", "usr/lib/os-release"];
        let read = |place: &&str| std::fs::read_to_string(at(root, place)).ok();
        Self(places.iter().find_map(read).unwrap_or_default())
    }

    pub(super) fn value(&self, key: &str) -> Option<String> {
        let of = |line: &str| {
            let (name, value) = line.split_once('=')?;
            (name == key).then(|| value.trim_matches(['"', '\'']).to_owned())
        };
        self.0
            .lines()
            .find_map(of)
            .filter(|value| !value.is_empty())
    }
}

fn at(root: &Path, place: &str) -> PathBuf {
    root.join(place)
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::config::parse;

    use super::*;

    #[test]
    fn every_configured_server_is_named_once_and_without_what_leads_into_meetings() {
        let text = r#"
version = 1
[room]
name = "Raum Lahn"
time_zone = "Europe/Berlin"
[matrix]
homeserver = "https://matrix.example.org"
access_token_file = "token"
allowed_servers = ["example.org"]
[[jitsi]]
host = "meet.example.org"
token_file = "jitsi"
[[meetings]]
title = "Weekly"
link = "https://meet.example.org/weekly?jwt=secret#x"
[[calendars]]
name = "Feed"
feed = "webcal://dav.example.org:8443/feed.ics?token=secret"
"#;
        let folder = tempfile::tempdir().unwrap();
        let servers = servers(&parse(text).unwrap(), folder.path());
        let named: Vec<(&str, &str)> = servers
            .iter()
            .map(|(name, url)| (name.as_str(), url.as_str()))
            .collect();
        assert_eq!(
            named,
            [
                ("matrix.example.org", "https://matrix.example.org/"),
                ("meet.example.org", "https://meet.example.org/"),
                ("dav.example.org:8443", "https://dav.example.org:8443/"),
            ]
        );
    }

    #[test]
    fn a_proxys_password_is_told_to_nobody() {
        let proxy = Url::parse("http://room:secret@proxy.example.org:3128/").unwrap();
        assert_eq!(without_password(proxy), "http://proxy.example.org:3128");
    }

    #[test]
    fn an_image_says_which_it_is() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("etc")).unwrap();
        let text =
            "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nIMAGE_ID=saal\nIMAGE_VERSION=2026.47\n";
        std::fs::write(root.path().join("etc/os-release"), text).unwrap();
        let release = Release::of(root.path());
        assert_eq!(release.value("IMAGE_VERSION").unwrap(), "2026.47");
        assert_eq!(
            release.value("PRETTY_NAME").unwrap(),
            "Debian GNU/Linux 13 (trixie)"
        );
        assert_eq!(release.value("VERSION"), None);
    }
}
