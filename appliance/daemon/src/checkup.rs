//! Tries what a meeting needs beside its devices: the network, the names of servers, the meeting's own server, disk and clock.
//! Nothing of the room is in what is sent, not even its account.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use nix::sys::statvfs::statvfs;
use saal_core::{Checkup, Finding, Part};
use saal_fleet_protocol::Config;
use saal_jitsi::link::ConferenceLink;
use saal_meeting::Destination;
use serde_json::Value;
use url::Url;

use crate::{discovery, services, system};

/// For one server's answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// So many servers tell whether the network is well.
const MOST_OTHERS: usize = 3;
/// What the room's own files and an update need, in bytes.
const LEAST_FREE: u64 = 200 * 1024 * 1024;
/// Tokens are refused, and meetings begin late, where the clock is further off.
const MOST_AWAY: SignedDuration = SignedDuration::from_secs(60);

/// What there is to try.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Of the meeting, or of the room where none is near.
    servers: Vec<Url>,
    /// Where the first of them tells of its call services (MSC4143).
    matrix: bool,
    /// Others of the configuration, where there are no servers of a meeting or an account: they tell of network, names and
    /// clock, and what is wrong with one of them keeps nobody from a meeting.
    others: Vec<Url>,
    state: PathBuf,
}

impl Places {
    pub(crate) fn of(checkup: &Checkup, config: &Config, state: &Path) -> Self {
        let servers = match &checkup.place {
            Some(Destination::Jitsi { link, .. }) => ConferenceLink::parse(link)
                .ok()
                .and_then(|link| link.base.join("config.js").ok())
                .into_iter()
                .collect(),
            _ => matrix_servers(config, state),
        };
        let others = if servers.is_empty() {
            let configured = system::servers(config, state).into_iter();
            configured.map(|(_, url)| url).take(MOST_OTHERS).collect()
        } else {
            Vec::new()
        };
        Self {
            servers,
            others,
            matrix: !matches!(checkup.place, Some(Destination::Jitsi { .. })),
            state: state.to_owned(),
        }
    }
}

fn matrix_servers(config: &Config, state: &Path) -> Vec<Url> {
    let Some(matrix) = &config.matrix else {
        return Vec::new();
    };
    let homeserver = match matrix.homeserver.server_name() {
        Some(name) => discovery::known(state, name),
        None => Some(matrix.homeserver.url().clone()),
    };
    let service = matrix
        .call_service
        .as_ref()
        .map(|service| service.url().clone());
    let versions = homeserver.and_then(|url| url.join("_matrix/client/versions").ok());
    versions.into_iter().chain(service).collect()
}

/// What was found, by part; what could not be tried is left out.
pub(crate) async fn run(places: Places) -> BTreeMap<Part, Finding> {
    let mut found = BTreeMap::new();
    found.insert(Part::Disk, disk(&places.state));
    let mut asked = Vec::new();
    for server in &places.servers {
        asked.push(ask(server).await);
    }
    if places.matrix
        && let Some(service) = call_service(places.servers.first(), &asked).await
    {
        asked.push(ask(&service).await);
    }
    judge(&mut found, asked);
    let mut others = Vec::new();
    for server in &places.others {
        others.push(ask(server).await);
    }
    judge_others(&mut found, others);
    found
}

/// What a server said.
#[derive(Debug)]
enum Answer {
    /// Whatever its status is; its clock, and the beginning of its answer.
    Came { date: Option<Timestamp> },
    /// Its name leads nowhere.
    NoName { host: String, reason: String },
    /// It does not answer.
    None { host: String, reason: String },
}

async fn ask(server: &Url) -> Answer {
    let host = server.host_str().unwrap_or_default().to_owned();
    let port = server.port_or_known_default().unwrap_or(443);
    let proxy = services::proxy();
    // A proxy looks names up by itself.
    let named = match proxy {
        Some(_) => Ok(()),
        None => tokio::net::lookup_host((bare(&host), port)).await.map(drop),
    };
    if let Err(error) = named {
        let reason = error.to_string();
        return Answer::NoName { host, reason };
    }
    match client(proxy.as_ref()) {
        Ok(client) => match client.get(server.clone()).send().await {
            Ok(response) => {
                let date = response.headers().get("date");
                let date = date.and_then(|date| date.to_str().ok());
                Answer::Came {
                    date: date.and_then(|date| rfc2822::parse(date).ok().map(|d| d.timestamp())),
                }
            }
            Err(error) => {
                let reason = all_causes(&error);
                Answer::None { host, reason }
            }
        },
        Err(error) => Answer::None {
            host,
            reason: error.to_string(),
        },
    }
}

/// Whether a server answers, whatever it says.
pub(crate) async fn answers(server: &Url) -> bool {
    let answer = ask(server).await;
    if !matches!(answer, Answer::Came { .. }) {
        tracing::info!(?answer, "a server does not answer");
    }
    matches!(answer, Answer::Came { .. })
}

/// An address of version 6 without its brackets.
fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

fn client(proxy: Option<&Url>) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("Saal/", env!("CARGO_PKG_VERSION")));
    match proxy {
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy.as_str())?).build(),
        None => builder.no_proxy().build(),
    }
}

/// Where the home server says that calls are held.
async fn call_service(homeserver: Option<&Url>, asked: &[Answer]) -> Option<Url> {
    if !matches!(asked.first()?, Answer::Came { .. }) {
        return None;
    }
    let address = homeserver?.join("/.well-known/matrix/client").ok()?;
    let client = client(services::proxy().as_ref()).ok()?;
    let answer = client.get(address).send().await.ok()?;
    let body: Value = answer.json().await.ok()?;
    let foci = body.get("org.matrix.msc4143.rtc_foci")?.as_array()?;
    let service = foci
        .iter()
        .find_map(|focus| focus.get("livekit_service_url"));
    Url::parse(service?.as_str()?).ok()
}

fn all_causes(error: &reqwest::Error) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

/// One part is to blame: without a network there are no names, without names no servers.
fn judge(found: &mut BTreeMap<Part, Finding>, asked: Vec<Answer>) {
    if asked.is_empty() {
        return;
    }
    judge_clock(found, &asked);
    let bad = asked.into_iter().find_map(|answer| match answer {
        Answer::Came { .. } => None,
        Answer::NoName { host, reason } => Some((Part::Names, host, reason)),
        Answer::None { host, reason } => Some((Part::Server, host, reason)),
    });
    let Some((part, host, reason)) = bad else {
        for part in [Part::Network, Part::Names, Part::Server] {
            found.insert(part, Finding::Good);
        }
        return;
    };
    let part = if has_way_out() { part } else { Part::Network };
    let reason = format!("{host}: {reason}");
    found.insert(part, Finding::Bad { reason });
}

/// Servers of no meeting: whether they answer is their own affair, that they are found is the network's.
fn judge_others(found: &mut BTreeMap<Part, Finding>, asked: Vec<Answer>) {
    if asked.is_empty() {
        return;
    }
    judge_clock(found, &asked);
    let came = asked
        .iter()
        .any(|answer| matches!(answer, Answer::Came { .. }));
    let nowhere = asked.into_iter().find_map(|answer| match answer {
        Answer::NoName { host, reason } => Some(format!("{host}: {reason}")),
        _ => None,
    });
    if !came && !has_way_out() {
        let reason = nowhere.unwrap_or_else(|| "there is no route to other networks".to_owned());
        found.insert(Part::Network, Finding::Bad { reason });
        return;
    }
    found.insert(Part::Network, Finding::Good);
    let names = nowhere.map_or(Finding::Good, |reason| Finding::Bad { reason });
    found.insert(Part::Names, names);
}

fn judge_clock(found: &mut BTreeMap<Part, Finding>, asked: &[Answer]) {
    let now = Timestamp::now();
    let dates = asked.iter().filter_map(|answer| match answer {
        Answer::Came { date } => *date,
        _ => None,
    });
    if let Some(away) = dates
        .map(|date| date.duration_since(now))
        .min_by_key(|d| d.abs())
    {
        found.insert(Part::Clock, clock(away));
    }
}

fn clock(away: SignedDuration) -> Finding {
    if away.abs() <= MOST_AWAY {
        return Finding::Good;
    }
    let seconds = away.as_secs();
    let reason = format!("the server's clock is {seconds} s ahead of the room's");
    Finding::Bad { reason }
}

/// A route for everything, of IPv4 or IPv6; what can't be read is none of our business.
fn has_way_out() -> bool {
    let routes = |file, is_default: fn(&str) -> bool| {
        fs::read_to_string(file).is_ok_and(|text| text.lines().any(is_default))
    };
    let of_4 = |line: &str| line.split_whitespace().nth(1) == Some("00000000");
    let of_6 = |line: &str| {
        line.starts_with("00000000000000000000000000000000 00 ") && !line.ends_with(" lo")
    };
    routes("/proc/net/route", of_4) || routes("/proc/net/ipv6_route", of_6)
}

fn disk(state: &Path) -> Finding {
    let free = match statvfs(state) {
        Ok(disk) => disk.blocks_available().saturating_mul(disk.fragment_size()),
        Err(error) => {
            let reason = format!("{}: {error}", state.display());
            return Finding::Bad { reason };
        }
    };
    if free >= LEAST_FREE {
        return Finding::Good;
    }
    let (state, free) = (state.display(), free / 1024 / 1024);
    let reason = format!("only {free} MiB are free at {state}");
    Finding::Bad { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_faults_the_deepest_is_told() {
        let gone = || Answer::None {
            host: "meet.example.org".to_owned(),
            reason: "refused".to_owned(),
        };
        let mut found = BTreeMap::new();
        judge(&mut found, vec![gone()]);
        let part = if has_way_out() {
            Part::Server
        } else {
            Part::Network
        };
        let reason = "meet.example.org: refused".to_owned();
        assert_eq!(found, BTreeMap::from([(part, Finding::Bad { reason })]));
    }

    #[test]
    fn without_an_account_other_servers_tell_of_network_names_and_clock() {
        let text = "version = 1\n[room]\nname = \"Lahn\"\ntime_zone = \"UTC\"\n\
                    [[jitsi]]\nhost = \"meet.example.org\"\ntoken_file = \"t\"\n\
                    [[calendars]]\nname = \"Room\"\nfeed = \"webcal://example.org/private/room.ics?key=1\"\n";
        let config = saal_fleet_protocol::config::parse(text).unwrap();
        let (number, place) = (1, None);
        let places = Places::of(&Checkup { number, place }, &config, Path::new("/nowhere"));
        let asked: Vec<&str> = places.others.iter().map(Url::as_str).collect();
        assert_eq!(asked, ["https://meet.example.org/", "https://example.org/"]);
        let link = saal_meeting::MeetingLink::new("https://meet.example.org/Weekly");
        let place = Some(saal_meeting::LinkTarget::of(&link).unwrap().destination);
        let near = Places::of(&Checkup { number, place }, &config, Path::new("/nowhere"));
        assert_eq!((near.servers.len(), near.others.len()), (1, 0));
    }

    #[test]
    fn what_is_wrong_with_another_server_is_its_own_affair() {
        let judged = |asked| {
            let mut found = BTreeMap::new();
            judge_others(&mut found, asked);
            found
        };
        let late = Timestamp::now() - SignedDuration::from_mins(10);
        let came = || Answer::Came { date: Some(late) };
        let host = || "dav.example.org".to_owned();
        let gone = || Answer::None {
            host: host(),
            reason: "refused".to_owned(),
        };
        let found = judged(vec![came(), gone()]);
        assert_eq!(found[&Part::Network], Finding::Good);
        assert_eq!(found[&Part::Names], Finding::Good);
        assert!(matches!(found[&Part::Clock], Finding::Bad { .. }));
        assert_eq!(found.get(&Part::Server), None, "no meeting is near");
        let nowhere = Answer::NoName {
            host: host(),
            reason: "unknown".to_owned(),
        };
        let reason = "dav.example.org: unknown".to_owned();
        let found = judged(vec![came(), nowhere]);
        assert_eq!(found[&Part::Names], Finding::Bad { reason });
        assert_eq!(judged(Vec::new()), BTreeMap::new());
    }

    #[test]
    fn a_clock_that_is_far_off_is_told() {
        let away = |seconds| clock(SignedDuration::from_secs(seconds));
        assert_eq!(away(59), Finding::Good);
        assert!(matches!(away(-120), Finding::Bad { .. }));
    }

    #[test]
    fn a_disk_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            disk(&folder.path().join("gone")),
            Finding::Bad { .. }
        ));
    }
}
