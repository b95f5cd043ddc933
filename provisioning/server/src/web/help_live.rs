//! What the page of a panel follows: how the help stands, and each picture.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId,
    api::{Role, RoomHelp},
};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Interval, interval},
};

use super::{Failed, Shared, View, Words, help::words_of, live::stopped, session};
use crate::{
    api::{Looking, one},
    fleet::{access::Caller, helps},
    panels::Seen,
};

/// How often the room is told that somebody looks, and whether they still may is looked at.
const LOOK: Duration = Duration::from_secs(5);

struct Follower {
    app: Shared,
    words: &'static Words,
    caller: Caller,
    headers: HeaderMap,
    device: DeviceId,
    looking: Looking,
    news: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
    looks: Interval,
    help: RoomHelp,
    events: VecDeque<Event>,
    over: bool,
}

pub(crate) async fn follow(
    State(app): State<Shared>,
    view: View,
    headers: HeaderMap,
    Path(device): Path<DeviceId>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failed> {
    let caller = view.caller().clone();
    let looking = Looking::new(app.clone(), caller.clone(), device.clone());
    // From here on each change is noticed.
    let news = app.store.news();
    let help = looking.look().await.map_err(|error| view.failed(error))?;
    let mut follower = Follower {
        words: view.words,
        caller,
        headers,
        device,
        looking,
        news,
        stopping: app.stopping.clone(),
        looks: interval(LOOK),
        help,
        events: VecDeque::new(),
        over: false,
        app,
    };
    follower.tell();
    Ok(Sse::new(stream::unfold(follower, Follower::next)).keep_alive(KeepAlive::default()))
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some((Ok(event), self));
            }
            if self.over {
                return None;
            }
            let number = self.help.number;
            tokio::select! {
                seen = self.looking.eye.next(number) => self.events.push_back(picture(&seen)),
                changed = self.news.changed() => {
                    changed.ok()?;
                    self.look_again().await?;
                }
                _ = self.looks.tick() => self.go_on().await?,
                () = stopped(&mut self.stopping) => return None,
            }
        }
    }

    /// Says how it stands.
    fn tell(&mut self) {
        let state = json!({
            "words": words_of(self.words, &self.help),
            "over": self.help.is_over(),
        });
        self.over = self.help.is_over();
        let event = Event::default().event("state");
        self.events.push_back(event.data(state.to_string()));
    }

    /// Something was written.
    async fn look_again(&mut self) -> Option<()> {
        let (device, now) = (self.device.clone(), Timestamp::now());
        let shown = self.app.store.read(move |tx| helps::show(tx, &device, now));
        let help = shown.await.ok()??;
        if help.number == self.help.number && help.state != self.help.state {
            self.help = help;
            self.tell();
        }
        Some(())
    }

    /// Somebody who was signed out, or may help there no more, sees nothing more.
    async fn go_on(&mut self) -> Option<()> {
        let session = session::find(&self.app, &self.headers).await.ok()??;
        let caller = session.caller;
        let still = caller.by == self.caller.by;
        let device = self.device.clone();
        one(&self.app, &caller, device, Role::Operator).await.ok()?;
        if self.help.is_over() || !still {
            return None;
        }
        // What ended meanwhile is told by what was written.
        let _ = self.looking.look().await;
        Some(())
    }
}

fn picture(seen: &Arc<Seen>) -> Event {
    let panel = serde_json::to_string(&seen.panel).expect("plain data is JSON");
    Event::default().event("panel").data(panel)
}
