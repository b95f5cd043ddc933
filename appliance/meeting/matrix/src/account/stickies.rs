//! Follows the sticky events of all rooms (MSC4354). matrix-sdk's sync leaves them out, so they
//! come by a sliding sync of their own ([`Homeserver::sticky_news`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use matrix_sdk::{
    Client,
    ruma::{RoomId, events::room::encrypted::OriginalSyncRoomEncryptedEvent, serde::Raw},
};
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    backoff::Backoff,
    homeserver::{Homeserver, RequestError, StickyNews},
    jitter,
    rtc::{
        Device,
        sticky::{Book, StickyEvent},
    },
    unix_ms,
};

/// What `/versions` calls it.
pub(crate) const FEATURE: &str = "org.matrix.msc4354";
/// How long the server may hold an answer when nothing happens.
const POLL: Duration = Duration::from_secs(25);
/// A server that has no sticky events is asked again this often.
const ASK_AGAIN: Duration = Duration::from_secs(30 * 60);
/// An event whose key is missing is tried again this often …
const DECRYPT_AGAIN: Duration = Duration::from_secs(2);
/// … for this long: keys come within seconds or not at all.
const DECRYPT_WITHIN: Duration = Duration::from_secs(60);
/// Events without key that are kept.
const MOST_LOCKED: usize = 100;

/// Sticky memberships by room.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stickies {
    books: Arc<BTreeMap<String, Book>>,
    /// Rooms of which everything that is sticky is known.
    read: Arc<BTreeSet<String>>,
}

impl Stickies {
    pub(crate) fn get(&self, room: &str) -> Option<&Book> {
        self.books.get(room)
    }

    /// What there is of a room is known; so it is a moment after the account came into it.
    pub(crate) fn is_read(&self, room: &str) -> bool {
        self.read.contains(room)
    }
}

/// Runs until the receiver is gone.
pub(crate) async fn follow(
    homeserver: Homeserver,
    mut identity: watch::Receiver<Option<Device>>,
    client: watch::Receiver<Option<Client>>,
    books: watch::Sender<Stickies>,
) {
    if identity.wait_for(Option::is_some).await.is_err() {
        return;
    }
    let mut follower = Follower {
        homeserver,
        client,
        books,
        pos: None,
        since: None,
        locked: Vec::new(),
    };
    follower.until_offered().await;
    let mut backoff = Backoff::homeserver();
    while !follower.books.is_closed() {
        match Box::pin(follower.step()).await {
            Ok(()) => backoff.reset(),
            Err(error) => {
                tracing::debug!(%error, "no sticky events");
                // Whatever it was, the connection is begun anew; nothing is lost by that.
                follower.pos = None;
                let wait = backoff.after_refusal(error.retry_after(), jitter());
                tokio::time::sleep(wait).await;
            }
        }
    }
}

struct Follower {
    homeserver: Homeserver,
    client: watch::Receiver<Option<Client>>,
    books: watch::Sender<Stickies>,
    pos: Option<String>,
    since: Option<String>,
    /// Events whose key is not here yet.
    locked: Vec<(String, Value, Instant)>,
}

impl Follower {
    async fn until_offered(&self) {
        let mut backoff = Backoff::homeserver();
        while !self.books.is_closed() {
            let wait = match self.homeserver.has_feature(FEATURE).await {
                Ok(true) => return,
                Ok(false) => ASK_AGAIN,
                Err(error) => backoff.after_refusal(error.retry_after(), jitter()),
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn step(&mut self) -> Result<(), RequestError> {
        // The first answer comes at once: it has what stands now.
        let hold = match (&self.pos, self.locked.is_empty()) {
            (None, _) => Duration::ZERO,
            (Some(_), true) => POLL,
            (Some(_), false) => DECRYPT_AGAIN,
        };
        let asked = self
            .homeserver
            .sticky_news(self.pos.as_deref(), self.since.as_deref(), hold);
        let news = Box::pin(asked).await?;
        let read = self.go_on(&news);
        let locked = std::mem::take(&mut self.locked).into_iter();
        let new = news.rooms.into_iter().flat_map(|(room, events)| {
            let now = Instant::now();
            events
                .into_iter()
                .map(move |event| (room.clone(), event, now))
        });
        let mut readable = Vec::new();
        for (room, event, since) in locked.chain(new) {
            match self.read(&room, &event).await {
                Some(event) => readable.push((room, event)),
                None if since.elapsed() < DECRYPT_WITHIN && self.locked.len() < MOST_LOCKED => {
                    self.locked.push((room, event, since));
                }
                None => {}
            }
        }
        self.enter(readable, read);
        Ok(())
    }

    /// The rooms of which everything is known now.
    fn go_on(&mut self, news: &StickyNews) -> BTreeSet<String> {
        // What was sticky in a room before the account came into it is not new to the server: it
        // is asked for everything once more.
        let joined = !news.new_rooms.is_empty() && self.pos.is_some();
        if joined {
            self.since = None;
        } else if let Some(next) = &news.next {
            self.since = Some(next.clone());
        }
        self.pos = Some(news.pos.clone()).filter(|pos| !pos.is_empty() && !joined);
        if joined {
            BTreeSet::new()
        } else {
            news.new_rooms.clone()
        }
    }

    /// `None`: it can't be decrypted yet.
    async fn read(&self, room: &str, event: &Value) -> Option<Value> {
        if event["type"] != "m.room.encrypted" {
            return Some(event.clone());
        }
        let client = self.client.borrow().clone()?;
        let room = client.get_room(&RoomId::parse(room).ok()?)?;
        let raw: Raw<OriginalSyncRoomEncryptedEvent> = Raw::new(event).ok()?.cast_unchecked();
        let decrypted = Box::pin(room.decrypt_event(&raw, None)).await.ok()?;
        if decrypted.kind.is_utd() {
            return None;
        }
        let clear: Value = serde_json::from_str(decrypted.raw().json().get()).ok()?;
        // That it is sticky stands beside what was encrypted.
        let mut read = event.clone();
        read["type"] = clear["type"].clone();
        read["content"] = clear["content"].clone();
        Some(read)
    }

    fn enter(&self, events: Vec<(String, Value)>, read: BTreeSet<String>) {
        let now_ms = unix_ms();
        self.books.send_if_modified(|stickies| {
            let mut new = BTreeMap::clone(&stickies.books);
            let mut changed = !read.is_subset(&stickies.read);
            if changed {
                let all = stickies.read.union(&read).cloned();
                stickies.read = Arc::new(all.collect());
            }
            for (room, event) in events {
                if let Ok(event) = serde_json::from_value::<StickyEvent>(event) {
                    changed |= new.entry(room).or_default().enter(event, now_ms);
                }
            }
            if changed {
                stickies.books = Arc::new(new);
            }
            changed
        });
    }
}
