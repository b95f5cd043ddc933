//! Processes of one node that share its folder, database and port: one process may have only so many connections.
//!
//! The first one starts the others and leads. Each of them has a socket to it, on which either end says, a line each,
//! what nodes say by NATS; the first one passes on what it hears. Where that socket ends the other end is gone.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    time::{Instant, sleep_until},
};

use super::bus::{self, Said};
use crate::{fleet::presence, server::App};

/// A crowd of devices writes all the time.
const BETWEEN_NEWS: Duration = Duration::from_millis(200);

/// The way to another process of the same node.
#[derive(Debug)]
pub struct Sibling {
    /// Which; the first one has 0.
    pub number: u32,
    /// The way there.
    pub socket: UnixStream,
}

/// This process among its siblings.
#[derive(Debug)]
pub struct Siblings {
    /// Which it is; the first one, which leads, has 0.
    pub number: u32,
    /// The port that all of them accept connections at.
    pub listener: std::net::TcpListener,
    /// The others, as they come: to the first one all, to each other one the first.
    pub others: UnboundedReceiver<Sibling>,
}

/// What is left of [`Siblings`] once the port is open.
pub(crate) struct Kin {
    pub(super) number: u32,
    pub(super) others: UnboundedReceiver<Sibling>,
    /// The first one is gone.
    pub(super) orphaned: Arc<Notify>,
}

/// What comes from a sibling; nothing at its end.
type Heard = (u32, Option<Vec<u8>>);

/// Those that are there, and how each is written to.
#[derive(Default)]
struct Links(HashMap<u32, UnboundedSender<Arc<[u8]>>>);

impl Links {
    fn say(&self, said: Said, except: Option<u32>) {
        for part in said.parts() {
            let mut line = bus::encode(&part);
            line.push(b'\n');
            let line: Arc<[u8]> = line.into();
            let others = self.0.iter().filter(|(number, _)| Some(**number) != except);
            for (_, link) in others {
                // One that is gone says so itself.
                let _ = link.send(line.clone());
            }
        }
    }
}

/// Speaks and listens for as long as the server runs.
pub(super) async fn run(app: &Arc<App>, kin: &mut Kin, said: &mut UnboundedReceiver<Said>) {
    let (tell, mut heard) = unbounded_channel::<Heard>();
    let mut links = Links::default();
    let (mut wrote, mut not_before) = (app.store.wrote(), Instant::now());
    loop {
        let news = async {
            sleep_until(not_before).await;
            let _ = wrote.changed().await;
        };
        tokio::select! {
            Some(Sibling { number, socket }) = kin.others.recv() => {
                let (reads, writes) = socket.into_split();
                let (link, lines) = unbounded_channel();
                links.0.insert(number, link);
                tokio::spawn(read(number, reads, tell.clone()));
                tokio::spawn(write(writes, lines));
            }
            Some(said) = said.recv() => links.say(said, None),
            () = news => {
                not_before = Instant::now() + BETWEEN_NEWS;
                links.say(Said::News, None);
            }
            Some((from, line)) = heard.recv() => match line {
                Some(line) => match serde_json::from_slice::<Said>(&line) {
                    Ok(said) => {
                        bus::hear(app, said.clone());
                        links.say(said, Some(from));
                    }
                    Err(error) => tracing::error!(%error, "a sibling is not understood"),
                },
                None if kin.number != 0 => kin.orphaned.notify_one(),
                None => {
                    links.0.remove(&from);
                    ended(app, from).await;
                }
            },
        }
    }
}

/// Where nodes hear each other by NATS, siblings do as well; only their end is to be noticed.
pub(super) async fn watch(kin: &mut Kin) {
    let (tell, mut heard) = unbounded_channel::<Heard>();
    let mut held = Vec::new();
    loop {
        tokio::select! {
            Some(Sibling { number, socket }) = kin.others.recv() => {
                let (reads, writes) = socket.into_split();
                held.push(writes);
                tokio::spawn(read(number, reads, tell.clone()));
            }
            Some((_, line)) = heard.recv() => if line.is_none() && kin.number != 0 {
                kin.orphaned.notify_one();
            },
        }
    }
}

/// What it held is over, and what it had to say may not have been said.
async fn ended(app: &Arc<App>, number: u32) {
    let now = Timestamp::now();
    let forgotten = app
        .store
        .run(move |tx| presence::forget(tx, &[number], now))
        .await;
    if let Err(error) = forgotten {
        tracing::warn!(%error, number, "nobody knows which devices a process had that ended");
    }
    app.hub.say(Said::Look);
    bus::look(app.clone());
}

async fn read(number: u32, reads: OwnedReadHalf, tell: UnboundedSender<Heard>) {
    let mut lines = BufReader::new(reads).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        if tell.send((number, Some(line))).is_err() {
            return;
        }
    }
    let _ = tell.send((number, None));
}

async fn write(mut writes: OwnedWriteHalf, mut lines: UnboundedReceiver<Arc<[u8]>>) {
    while let Some(line) = lines.recv().await {
        if writes.write_all(&line).await.is_err() {
            return;
        }
    }
}
