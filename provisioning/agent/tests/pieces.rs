//! Bundles of which the device has most already, from the real server over TLS: what comes over the network is counted.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod support;

use std::{path::Path, sync::atomic::AtomicBool};

use axum::{
    Router,
    extract::{Path as Name, State},
    http::{HeaderMap, StatusCode, header},
};
use proptest::prelude::*;
use reqwest::Method;
use saal_agent::update::{assembly::Assembly, simulated::Simulated};
use saal_fleet_protocol::fleet::pieces::{Index, LARGEST};
use serde_json::{Value, json};
use support::{
    fleet::{Device, Fleet},
    updates::{add, begin, bundle, large, one, rollout, well},
};
use tokio::net::TcpListener;

/// What the server is told of the bytes that came, once the release runs.
async fn fetched(fleet: &Fleet, version: &str) -> u64 {
    let runs = |d: &Value| d["system"]["version"] == version && d["online"] == true;
    let device = fleet
        .device("SN1", |d| {
            runs(d) && d["system"]["update"]["step"] == json!({"done": {}})
        })
        .await;
    let name = format!("rollouts/to-{version}/devices");
    let devices = fleet.done(Method::GET, &name, json!(null)).await;
    let fetched = device["system"]["update"]["fetched"].as_u64().unwrap();
    assert_eq!(devices[0]["fetched"], fetched, "the rollout tells it too");
    fetched
}

async fn update(fleet: &Fleet, version: &str) -> u64 {
    begin(fleet, &format!("to-{version}"), version).await;
    let name = format!("to-{version}");
    rollout(fleet, &name, |r| r["state"] == "done").await;
    fetched(fleet, version).await
}

/// A slot of the device: the middle of the large bundle at another place, and something else around it.
fn slot(path: &Path) -> Vec<u8> {
    let bundle = large("2");
    let mut bytes = b"something else".repeat(1000);
    bytes.extend_from_slice(&bundle[..bundle.len() * 9 / 10]);
    bytes.resize(bytes.len() + 10_000, 0);
    std::fs::write(path, &bytes).unwrap();
    bytes
}

fn size(version: &str) -> u64 {
    large(version).len() as u64
}

async fn room(fleet: &Fleet) -> (Simulated, Device, std::path::PathBuf) {
    let (system, device) = one(fleet, well).await;
    let seed = device.folder.path().join("root-a");
    (system, device, seed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_the_device_lacks_is_fetched() {
    let fleet = Fleet::start().await;
    let (system, device, seed) = room(&fleet).await;
    slot(&seed);
    system.has_seed(device.folder.path().join("there is none"));
    system.has_seed(seed);
    let first = update(&fleet, "2-large").await;
    let tenth = size("2") / 10;
    assert!(
        first > tenth && first < tenth * 2,
        "{first} of {}",
        size("2")
    );
    // The bundle before is a seed too: only the end, with the manifest in it, is another one.
    let second = update(&fleet, "3-large").await;
    assert!(second > 0 && second < 4 * LARGEST as u64, "{second}");
    assert_eq!(system.running().1, "3-large");
    let left = std::fs::read_dir(device.folder.path().join("agent/updates")).unwrap();
    let mut left: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.split_once('.').unwrap().1.to_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["fetched", "raucb"], "the one before is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_has_nothing_of_it_fetches_all() {
    let fleet = Fleet::start().await;
    let (system, _device) = one(&fleet, well).await;
    let all = update(&fleet, "2-large").await;
    assert!((size("2")..size("2") + 10_000).contains(&all), "{all}");
    assert_eq!(system.running().1, "2-large");
}

#[derive(Clone)]
struct Cache {
    bundle: Vec<u8>,
    /// What it says the bundle's pieces are.
    list: Option<Vec<u8>>,
    ranges: bool,
}

async fn cached(
    State(cache): State<Cache>,
    Name(name): Name<String>,
    headers: HeaderMap,
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut about = HeaderMap::new();
    if name.ends_with(".pieces") {
        return match cache.list {
            Some(list) => (StatusCode::OK, about, list),
            None => (StatusCode::NOT_FOUND, about, Vec::new()),
        };
    }
    let range = headers.get(header::RANGE).filter(|_| cache.ranges);
    let Some(range) = range else {
        return (StatusCode::OK, about, cache.bundle);
    };
    let range = range.to_str().unwrap().strip_prefix("bytes=").unwrap();
    let (from, last) = range.split_once('-').unwrap();
    let from: usize = from.parse().unwrap();
    let last = last.parse().unwrap_or(cache.bundle.len() - 1);
    let said = format!("bytes {from}-{last}/{}", cache.bundle.len());
    about.insert(header::CONTENT_RANGE, said.parse().unwrap());
    let bytes = cache.bundle[from..=last].to_vec();
    (StatusCode::PARTIAL_CONTENT, about, bytes)
}

/// A cache of the site.
async fn serve(fleet: &Fleet, cache: Cache) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new()
        .route("/{name}", axum::routing::get(cached))
        .with_state(cache);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    fleet.set("kassel", "updates.cache", json!(address)).await;
    fleet.device("SN1", |d| d["generation"] == 2).await;
}

fn list_of(bytes: &[u8]) -> Vec<u8> {
    Index::of(bytes).unwrap().to_bytes()
}

/// As hostile as can be: whatever a list or a cache says, the release that was signed comes.
async fn comes_from(cache: Cache) -> u64 {
    let fleet = Fleet::start().await;
    let (system, _device, seed) = room(&fleet).await;
    slot(&seed);
    system.has_seed(seed);
    serve(&fleet, cache).await;
    let fetched = update(&fleet, "2-large").await;
    assert_eq!(system.running().1, "2-large");
    fetched
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_and_caches_that_lie_cost_bytes_and_nothing_else() {
    let good = large("2-large");
    let cache = |list: Option<Vec<u8>>, bundle: &[u8]| Cache {
        bundle: bundle.to_vec(),
        list,
        ranges: true,
    };
    let size = good.len() as u64;
    // Of other bytes as long as these: the cache has them too, all pieces are right, and the whole is not.
    let mut other = good.clone();
    other[1000] ^= 1;
    let fetched = comes_from(cache(Some(list_of(&other)), &other)).await;
    assert!(fetched > size, "{fetched}: it is fetched whole");
    // Cut off, and without an end: the server's own is taken.
    let cut = list_of(&good)[..200].to_vec();
    assert!(comes_from(cache(Some(cut), &good)).await < size / 4);
    let endless = vec![0; 1 << 20];
    assert!(comes_from(cache(Some(endless), &good)).await < size / 4);
    // Pieces that are others than they should be come from the server.
    assert!(comes_from(cache(None, &vec![7; good.len()])).await < size / 3);
    // A server of files that knows no ranges.
    let simple = Cache {
        ranges: false,
        ..cache(Some(list_of(&good)), &good)
    };
    let fetched = comes_from(simple).await;
    assert!(fetched > size, "{fetched}: all of it came by, from nearby");
}

/// A file of bundles and a list as another version of the server had them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_that_was_added_before_there_were_lists_gets_one() {
    let fleet = Fleet::start().await;
    let (system, _device, seed) = room(&fleet).await;
    slot(&seed);
    system.has_seed(seed);
    let (status, release) = add(&fleet, "2-large").await;
    assert!(status.is_success(), "{release}");
    let sha256 = release["sha256"].as_str().unwrap();
    let list = fleet.folder.path().join(format!("bundles/{sha256}.pieces"));
    std::fs::remove_file(&list).unwrap();
    let new = json!({"name": "to-2-large", "release": "2-large", "scope": "kassel"});
    fleet.done(Method::POST, "rollouts", new).await;
    rollout(&fleet, "to-2-large", |r| r["state"] == "done").await;
    assert!(fetched(&fleet, "2-large").await < size("2") / 4);
    assert_eq!(std::fs::read(&list).unwrap(), list_of(&large("2-large")));
    assert_ne!(bundle("2"), large("2"));
}

fn assemble(folder: &Path, bundle: &[u8], seeds: &[Vec<u8>]) -> Assembly {
    let index = Index::of(bundle).unwrap();
    let paths: Vec<_> = (0..seeds.len())
        .map(|number| folder.join(format!("seed-{number}")))
        .collect();
    for (path, seed) in paths.iter().zip(seeds) {
        std::fs::write(path, seed).unwrap();
    }
    let mut assembly = Assembly::open(&folder.join("new"), index).unwrap();
    assembly.plant(&paths, &AtomicBool::new(false)).unwrap();
    assembly
}

/// Fetches everything that is missing from `bundle`; says how many bytes.
fn fill(assembly: &mut Assembly, bundle: &[u8], most: usize) -> usize {
    let mut fetched = 0;
    let mut asked = 0;
    while let Some((numbers, bytes)) = assembly.missing() {
        let mut at = usize::try_from(bytes.start).unwrap();
        for number in numbers {
            let length = assembly.length(number).unwrap();
            assert!(assembly.put(number, &bundle[at..at + length]).unwrap());
            (at, fetched) = (at + length, fetched + length);
        }
        asked += 1;
        if asked == most {
            break;
        }
    }
    fetched
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Any seeds, with bits turned since the list was made, and the power gone in the middle: it is the bundle in the end.
    #[test]
    fn whatever_the_seeds_are_the_bundle_comes_of_it(
        from in 0_usize..400_000, length in 0_usize..600_000, shift in 0_usize..10_000,
        turned in proptest::collection::vec(any::<proptest::sample::Index>(), 0..5),
        lost in any::<proptest::sample::Index>(), most in 1_usize..4,
    ) {
        let bundle = &large("7")[..700_000];
        let folder = tempfile::tempdir().unwrap();
        let mut seed = vec![1; shift];
        seed.extend_from_slice(&bundle[from..(from + length).min(bundle.len())]);
        for at in turned {
            if !seed.is_empty() {
                let at = at.index(seed.len());
                seed[at] ^= 1;
            }
        }
        let mut assembly = assemble(folder.path(), bundle, &[seed.clone(), vec![3; 1000]]);
        let left = usize::try_from(assembly.left()).unwrap();
        let mut fetched = fill(&mut assembly, bundle, most);
        drop(assembly);
        // The power goes: a part of what was written is not there.
        let path = folder.path().join("new");
        let mut written = std::fs::read(&path).unwrap();
        let lost = lost.index(written.len());
        let end = (lost + 5000).min(written.len());
        written[lost..end].fill(0);
        std::fs::write(&path, written).unwrap();
        let mut assembly = assemble(folder.path(), bundle, &[seed]);
        fetched += fill(&mut assembly, bundle, usize::MAX);
        prop_assert_eq!(assembly.left(), 0);
        prop_assert!(fetched <= left + 3 * LARGEST, "{} {}", fetched, left);
        drop(assembly);
        prop_assert!(std::fs::read(&path).unwrap() == bundle);
    }
}
