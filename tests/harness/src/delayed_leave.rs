//! Delayed leaves that were handed to the token service, which watches over them as Element's does: it restarts each in time
//! while its participant is on the media server, and sends it when the participant has gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::error::Result;
use crate::livekit::LiveKitClient;
use crate::web::Serving;
use crate::{http, runtime};

/// How often the media server is asked who is there; Element's service is told.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// One delayed leave.
#[derive(Debug, Clone)]
pub(crate) struct Leave {
    pub(crate) delay_id: String,
    /// Whose it is.
    pub(crate) user: String,
    /// After which the home server sends it by itself.
    pub(crate) delay: Duration,
    /// Base address of the home server.
    pub(crate) homeserver: String,
    /// The media server's name of the room, and of the participant there.
    pub(crate) room: String,
    pub(crate) identity: String,
}

/// By the media server's room and participant: the user, and who watches.
type Watched = BTreeMap<(String, String), (String, Serving)>;

/// All that were handed over, one a participant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaves(Arc<Mutex<Watched>>);

impl Leaves {
    /// Watches over it from now on, in place of an earlier one of the same participant.
    pub(crate) fn take(&self, leave: Leave, livekit: LiveKitClient) {
        let key = (leave.room.clone(), leave.identity.clone());
        let user = leave.user.clone();
        let watching = runtime::runtime().spawn(async move {
            if let Err(error) = watch(&leave, &livekit).await {
                tracing::warn!(%error, leave.identity, "a delayed leave is nobody's any more");
            }
        });
        let mut all = self.0.lock().expect("nobody panics with it");
        all.insert(key, (user, Serving::new(watching)));
    }

    /// Users whose leaves are watched over now.
    pub(crate) fn users(&self) -> Vec<String> {
        let all = self.0.lock().expect("nobody panics with it");
        let watched = all.values().filter(|(_, watching)| !watching.is_over());
        watched.map(|(user, _)| user.clone()).collect()
    }
}

async fn watch(leave: &Leave, livekit: &LiveKitClient) -> Result<()> {
    while !leave.is_there(livekit).await {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let mut restart_at = Instant::now();
    while leave.is_there(livekit).await {
        if restart_at <= Instant::now() {
            leave.update("restart").await?;
            restart_at = Instant::now() + leave.delay * 4 / 5;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    leave.update("send").await
}

impl Leave {
    /// A media server that does not answer says that nobody is there.
    async fn is_there(&self, livekit: &LiveKitClient) -> bool {
        let there = livekit.participants(&self.room).await.unwrap_or_default();
        there.iter().any(|one| one.identity == self.identity)
    }

    /// Whoever knows the id of a delayed event may do this (MSC4140).
    async fn update(&self, action: &str) -> Result<()> {
        let (base, id) = (&self.homeserver, &self.delay_id);
        let path = "_matrix/client/unstable/org.matrix.msc4140/delayed_events";
        let url = format!("{base}/{path}/{id}/{action}");
        let body = json!({});
        http::json(&http::client(), Method::POST, &url, None, Some(&body))
            .await
            .map(drop)
    }
}
