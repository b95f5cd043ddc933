//! `./dev bench fleet`: what a server bears, and how fast it is, with tens of thousands of devices over real TLS.
//!
//! Everything is on this machine, so the devices take their part of its processors.
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that can not go on says where"
)]
#![allow(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../../tests/support/api.rs"]
#[allow(dead_code, reason = "tests use the rest")]
mod api;
#[path = "../../tests/support/nats.rs"]
#[allow(dead_code, reason = "tests use the rest")]
mod nats;
#[path = "../../tests/support/postgres.rs"]
#[allow(unreachable_pub, reason = "the tests of the operations use it as well")]
mod postgres;
mod programs;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use api::Api;
use programs::{Crowd, Node};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const KEYS: [&str; 4] = ["ca.pem", "ca-key.pem", "signing.key", "seal.key"];
/// Devices of one site (`saal_fleet::simulated_room`).
const SITE: u32 = 5000;
const BEHIND: &str = "saal_fleet_devices_behind";

/// A line of the result.
struct Figure {
    what: String,
    goal: &'static str,
    figure: String,
    peer: &'static str,
}

#[derive(Default)]
struct Figures(Vec<Figure>);

impl Figures {
    fn add(
        &mut self,
        what: impl Into<String>,
        goal: &'static str,
        figure: String,
        peer: &'static str,
    ) {
        let what = what.into();
        println!("  {what}: {figure}");
        self.0.push(Figure {
            what,
            goal,
            figure,
            peer,
        });
    }

    fn print(&self) {
        println!("\n| what | goal | figure | peer |\n|---|---|---|---|");
        for Figure {
            what,
            goal,
            figure,
            peer,
        } in &self.0
        {
            println!("| {what} | {goal} | {figure} | {peer} |");
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[allow(clippy::cast_precision_loss, reason = "megabytes for people")]
fn memory(bytes: u64, devices: u32) -> String {
    let megabytes = bytes as f64 / 1e6;
    let each = bytes as f64 / 1e3 / f64::from(devices);
    format!("{megabytes:.0} MB, {each:.1} kB a device")
}

fn main() {
    let arguments = std::env::args().skip(1);
    let words: Vec<String> = arguments.filter(|word| word != "--bench").collect();
    let number = words.iter().find_map(|word| word.parse().ok());
    let devices: u32 = number.unwrap_or(70_000);
    let wanted = |name: &str| {
        let named = words
            .iter()
            .any(|word| ["sqlite", "postgres"].contains(&word.as_str()));
        !named || words.iter().any(|word| word == name)
    };
    let runtime = Runtime::new().unwrap();
    let mut figures = Figures::default();
    if wanted("sqlite") {
        println!("SQLite, one node, {devices} devices");
        sqlite(devices, &runtime, &mut figures);
    }
    if wanted("postgres") {
        println!("PostgreSQL and NATS, two nodes, {devices} devices");
        postgres(devices, &runtime, &mut figures);
    }
    figures.print();
}

/// Devices that belong to the fleet in a folder.
fn enrolled(data: &Path, devices: u32, more: &[String]) -> std::path::PathBuf {
    let known = data.with_extension("devices");
    let mut enrol = programs::program();
    enrol
        .env("RUST_LOG", "warn")
        .arg("enrol-simulated")
        .arg("--data")
        .arg(data)
        .arg(format!("--devices={devices}"))
        .arg("--to")
        .arg(&known)
        .args(more);
    assert!(enrol.status().unwrap().success());
    known
}

fn come(figures: &mut Figures, crowd: &mut Crowd, nodes: &[&Node], devices: u32, kind: &str) {
    let begun = Instant::now();
    let before: f64 = nodes.iter().map(|node| node.worked()).sum();
    let all = u64::from(devices);
    let took = crowd.until("coming", begun, |c| {
        c.connected == devices && c.confirmed >= all
    });
    let worked: f64 = nodes.iter().map(|node| node.worked()).sum::<f64>() - before;
    let each = worked * 1000.0 / f64::from(devices);
    let figure = format!("{}, {each:.2} ms of processor time each", seconds(took));
    figures.add(
        format!("{kind}: all come and take their first configuration"),
        "-",
        figure,
        "-",
    );
    let held: u64 = nodes.iter().map(|node| node.memory()).sum();
    let peer = "Mender: 24 GB for 100,000";
    let what = format!("{kind}: memory, {devices} connected");
    figures.add(what, "<= 1.5 GB for 70,000", memory(held, devices), peer);
}

fn push(
    figures: &mut Figures,
    runtime: &Runtime,
    (api, crowd): (&Api, &mut Crowd),
    (devices, kind): (u32, &str),
) {
    let before = crowd.counts().confirmed;
    let (all, begun) = (u64::from(devices), Instant::now());
    let preview = runtime.block_on(api.set("/", "panel.theme", json!("dark")));
    assert_eq!(preview["changed"], devices);
    let answered = begun.elapsed();
    let most = crowd.until("told", begun, |c| c.confirmed >= before + all * 99 / 100);
    crowd.until("told", begun, |c| c.confirmed >= before + all);
    while runtime.block_on(api.figure(BEHIND)) > 0 {}
    let figure = format!(
        "{} (signed and stored after {}, all written down after {})",
        seconds(most),
        seconds(answered),
        seconds(begun.elapsed())
    );
    let what = format!("{kind}: pushed, 99 % acknowledged");
    figures.add(what, "<= 5 s", figure, "AWS IoT jobs: 1,000 a minute");
}

fn away(figures: &mut Figures, runtime: &Runtime, api: &Api, crowd: &mut Crowd, devices: u32) {
    let gone = (devices / 10).min(1000);
    let site = devices.min(SITE);
    crowd.away(gone);
    crowd.until("away", Instant::now(), |c| c.connected == devices - gone);
    let before = crowd.counts().confirmed;
    let mut told = before;
    for minutes in [11, 12, 13] {
        let preview = runtime.block_on(api.set("sim0", "panel.dim_after_minutes", json!(minutes)));
        assert_eq!(preview["changed"], site);
        told += u64::from(site - gone);
        crowd.until("told", Instant::now(), |c| {
            c.connected == devices - gone && c.confirmed >= told
        });
    }
    while runtime.block_on(api.figure(BEHIND)) > u64::from(gone) {}
    let (before, begun) = (crowd.counts().confirmed, Instant::now());
    crowd.away(0);
    let expected = before + u64::from(gone);
    let took = crowd.until("back", begun, |c| {
        c.connected == devices && c.confirmed >= expected
    });
    while runtime.block_on(api.figure(BEHIND)) > 0 {}
    assert_eq!(crowd.counts().confirmed, expected, "one order each");
    let figure = format!(
        "one order for each of {gone} that missed three, all within {}",
        seconds(took)
    );
    figures.add(
        "away for three changes, then back",
        "one round trip",
        figure,
        "-",
    );
}

fn storm(figures: &mut Figures, node: &mut Node, crowd: &mut Crowd, devices: u32) {
    let before = crowd.counts();
    node.stop();
    crowd.until("gone", Instant::now(), |c| c.connected == 0);
    let begun = Instant::now();
    node.start_again();
    let (mut last, mut most) = ((Instant::now(), before.opened), 0.0_f64);
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let counts = crowd.counts();
        #[allow(clippy::cast_precision_loss, reason = "a rate")]
        let rate = (counts.opened - last.1) as f64 / last.0.elapsed().as_secs_f64();
        (last, most) = ((Instant::now(), counts.opened), most.max(rate));
        if counts.connected == devices {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(1200), "{counts}");
    }
    let took = begun.elapsed();
    let after = crowd.counts();
    let figure = format!(
        "{}; at most {most:.0} a second, {:.2} attempts a device came to nothing",
        seconds(took),
        f64::from(u32::try_from(after.failed - before.failed).unwrap()) / f64::from(devices)
    );
    figures.add(
        "SQLite: restart, all back",
        "<= 180 s, no herd",
        figure,
        "-",
    );
    let figure = memory(node.memory(), devices);
    figures.add(
        "SQLite: memory after the restart",
        "<= 1.5 GB for 70,000",
        figure,
        "-",
    );
    assert_eq!(after.refused, 0);
}

fn sqlite(devices: u32, runtime: &Runtime, figures: &mut Figures) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("fleet");
    let known = enrolled(&data, devices, &[]);
    let mut node = Node::start(&data, devices, &[]);
    node.is_up();
    let api = Api::of(&data, &node.url());
    runtime.block_on(api.tell_all());
    let mut crowd = Crowd::play(devices, &known, &data.join("ca.pem"), &[&node]);
    come(figures, &mut crowd, &[&node], devices, "SQLite");
    push(figures, runtime, (&api, &mut crowd), (devices, "SQLite"));
    figures.add(
        "SQLite: memory after that",
        "<= 1.5 GB for 70,000",
        memory(node.memory(), devices),
        "-",
    );
    away(figures, runtime, &api, &mut crowd, devices);
    storm(figures, &mut node, &mut crowd, devices);
    whole(runtime, &api);
}

/// The log has no gap.
fn whole(runtime: &Runtime, api: &Api) {
    let check = runtime.block_on(api.ask(Method::GET, "audit/check", json!(null)));
    assert_eq!(check["broken_at"], Value::Null, "{check}");
}

fn postgres(devices: u32, runtime: &Runtime, figures: &mut Figures) {
    let (database, nats) = (postgres::Postgres::start(), nats::Nats::start());
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let url = format!("--database={}", database.url("postgres"));
    let known = enrolled(&a, devices, std::slice::from_ref(&url));
    std::fs::create_dir(&b).unwrap();
    for key in KEYS {
        std::fs::copy(a.join(key), b.join(key)).unwrap();
    }
    let more = [vec![url], nats.arguments()].concat();
    // Either of them can hold all.
    let mut first = Node::start(&a, devices, &more);
    first.is_up();
    let mut second = Node::start(&b, devices, &more);
    second.is_up();
    let api = Api::of(&a, &second.url());
    runtime.block_on(api.tell_all());
    let nodes = [&first, &second];
    let mut crowd = Crowd::play(devices, &known, &a.join("ca.pem"), &nodes);
    come(figures, &mut crowd, &nodes, devices, "two nodes");
    push(figures, runtime, (&api, &mut crowd), (devices, "two nodes"));
    let before = crowd.counts().confirmed;
    let begun = Instant::now();
    runtime.block_on(api.set("/", "panel.theme", json!("light")));
    let all = u64::from(devices);
    crowd.until("told", begun, |c| c.confirmed >= before + all / 4);
    let begun = Instant::now();
    first.dies();
    let expected = before + all;
    let took = crowd.until("at the other node", begun, |c| {
        c.connected == devices && c.confirmed >= expected
    });
    while runtime.block_on(api.figure(BEHIND)) > 0 {}
    let after = crowd.counts();
    assert_eq!(
        (after.confirmed, after.refused),
        (expected, 0),
        "each device, once"
    );
    whole(runtime, &api);
    let figure = format!(
        "all at the other one and told after {}, nothing lost",
        seconds(took)
    );
    let what = "two nodes: one is killed in the middle of a push";
    figures.add(what, "nothing lost", figure, "-");
    let figure = memory(second.memory(), devices);
    figures.add(
        "two nodes: memory of the one that is left",
        "<= 1.5 GB for 70,000",
        figure,
        "-",
    );
}
