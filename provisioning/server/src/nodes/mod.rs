//! A fleet's nodes: how this one stands to the others, what it tells them, and what one of them does for all.

mod bus;
mod frames;
mod nats;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::sleep,
};

pub use self::nats::{Nats, NatsError};
pub(crate) use self::{bus::Said, nats::Way};
use crate::{
    alerts,
    error::FleetError,
    fleet::presence,
    hooks,
    hub::{Hub, Moved},
    rollouts,
    server::App,
    store::{self, Alone, Member, Shared, StoreError},
};

/// The number of a node that has no others.
const ONLY: u32 = 0;
/// How often a node looks whether another one ended.
const LOOK: Duration = Duration::from_secs(2);
/// However many devices come and go.
const BREATH: Duration = Duration::from_millis(100);
/// The database may be back then.
const AGAIN: Duration = Duration::from_secs(2);

/// How this node stands to others.
pub(crate) enum Standing {
    /// There are none.
    Only,
    /// They wait for its end.
    Alone(Alone),
    /// They serve with it.
    Among(Member),
}

impl Standing {
    /// Waits for its turn, where nodes take turns.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn take(shared: Option<&Shared>) -> Result<Self, StoreError> {
        Ok(match shared {
            None => Self::Only,
            Some(shared) if shared.nats.is_none() => Self::Alone(store::alone(shared).await?),
            Some(shared) => Self::Among(store::member(shared).await?),
        })
    }

    /// What nodes held that are no more is over; where nodes serve together, the one that leads sees to it.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn begin(&self, store: &store::Store) -> Result<(), FleetError> {
        match self {
            Self::Only | Self::Alone(_) => {
                let now = Timestamp::now();
                let all =
                    move |tx: &store::Tx<'_>| presence::forget(tx, &presence::nodes(tx)?, now);
                store.run_quietly(all).await
            }
            Self::Among(_) => Ok(()),
        }
    }

    fn number(&self) -> u32 {
        match self {
            Self::Only | Self::Alone(_) => ONLY,
            Self::Among(member) => member.number(),
        }
    }

    /// Until others may take this node for dead.
    pub(crate) async fn lost(&self) {
        match self {
            Self::Only => std::future::pending().await,
            Self::Alone(alone) => alone.lost().await,
            Self::Among(member) => member.lost().await,
        }
    }
}

/// The way to the other nodes, and what is to be said there.
pub(crate) struct Others {
    way: Way,
    said: UnboundedReceiver<Said>,
}

/// A hub that reaches the other nodes, where there are some. They speak on a subject of their own fleet.
///
/// # Errors
/// [`NatsError`].
pub(crate) fn hub(
    shared: Option<&Shared>,
    keys: Option<&str>,
) -> Result<(Hub, Option<Others>), NatsError> {
    let nats = shared.and_then(|shared| shared.nats.as_ref());
    let (Some(nats), Some(keys)) = (nats, keys) else {
        return Ok((Hub::default(), None));
    };
    let subject = format!("saal-fleet.{}", &crate::hash(keys.as_bytes())[..32]);
    let way = Way::new(nats, subject)?;
    let (to, said) = unbounded_channel();
    Ok((Hub::among(to), Some(Others { way, said })))
}

/// All that a node does beside serving, for as long as it serves.
pub(crate) async fn run(app: &Arc<App>, standing: &Standing, others: Option<Others>) {
    let talk = async {
        match others {
            Some(mut others) => bus::run(app, &others.way, &mut others.said).await,
            None => std::future::pending().await,
        }
    };
    tokio::join!(talk, note(app, standing.number()), lead(app, standing));
}

/// Lets the database know who is connected here.
async fn note(app: &Arc<App>, node: u32) {
    loop {
        app.hub.moving().await;
        let Moved { came, went } = app.hub.moved();
        let (those, left) = (came.clone(), went.clone());
        let noted = app
            .store
            .run_quietly(move |tx| presence::note(tx, node, &those, &left));
        if let Err(error) = noted.await {
            tracing::warn!(%error, "nobody knows which devices are connected here");
            app.hub.moved_still(Moved { came, went });
            sleep(AGAIN).await;
            continue;
        }
        app.store.announce();
        if !came.is_empty() {
            app.hub.say(Said::Came(came));
        }
        sleep(BREATH).await;
    }
}

/// What one node does for all: rollouts go on, other systems and people are told, and nodes that ended are missed.
async fn lead(app: &Arc<App>, standing: &Standing) {
    let miss = async {
        match standing {
            Standing::Only | Standing::Alone(_) => {}
            Standing::Among(member) => miss(app, member).await,
        }
    };
    if let Standing::Among(member) = standing {
        while !leads(member).await {
            sleep(LOOK).await;
        }
        tracing::info!("this node leads: it lets rollouts go on, and tells webhooks and people");
    }
    tokio::join!(
        miss,
        hooks::run(app.clone()),
        alerts::run(app.clone()),
        rollouts::run(app.clone())
    );
}

async fn leads(member: &Member) -> bool {
    let leads = member.lead().await;
    leads.unwrap_or_else(|error| {
        tracing::warn!(%error, "nobody knows which node leads");
        false
    })
}

/// What nodes that ended had to say may not have been said: everybody looks.
async fn miss(app: &Arc<App>, member: &Member) {
    let mut known = BTreeSet::new();
    // The one that led before may have ended.
    let mut first = true;
    loop {
        match missing(app, member, &mut known).await {
            Ok(missing) => {
                if missing || first {
                    app.hub.say(Said::Look);
                    bus::look(app.clone());
                }
                first = false;
            }
            Err(error) => tracing::warn!(%error, "nobody knows which nodes live"),
        }
        sleep(LOOK).await;
    }
}

/// Whether a node ended since the last look.
async fn missing(
    app: &Arc<App>,
    member: &Member,
    known: &mut BTreeSet<u32>,
) -> Result<bool, FleetError> {
    // In this order: whoever has noted something, and lives, has its lock already.
    known.extend(app.store.read(presence::nodes).await?);
    let alive: BTreeSet<u32> = member.alive().await?.into_iter().collect();
    let ended: Vec<u32> = known.difference(&alive).copied().collect();
    *known = alive;
    if ended.is_empty() {
        return Ok(false);
    }
    tracing::warn!(count = ended.len(), "nodes of this fleet ended");
    let now = Timestamp::now();
    app.store
        .run_quietly(move |tx| presence::forget(tx, &ended, now))
        .await?;
    app.store.announce();
    Ok(true)
}
