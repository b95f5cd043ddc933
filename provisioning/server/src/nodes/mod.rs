//! A fleet's nodes: how this one stands to the others, what it tells them, and what one of them does for all.

mod bus;
mod frames;
mod nats;
mod siblings;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, unbounded_channel},
    },
    time::sleep,
};

pub(crate) use self::{bus::Said, nats::Way, siblings::Kin};
pub use self::{
    nats::{Nats, NatsError},
    siblings::{Sibling, Siblings},
};
use crate::{
    alerts,
    error::FleetError,
    fleet::{logs, presence},
    hooks,
    hub::{Hub, Moved},
    rollouts,
    server::App,
    store::{self, Alone, Member, Shared, StoreError},
};

/// The number of the process that leads a node that has no others.
const ONLY: u32 = 0;
/// How often a node looks whether another one ended.
const LOOK: Duration = Duration::from_secs(2);
/// However many devices come and go.
const BREATH: Duration = Duration::from_millis(100);
/// How often what is old is looked for.
const HOUR: Duration = Duration::from_secs(3600);
/// The database may be back then.
const AGAIN: Duration = Duration::from_secs(2);

/// How this node stands to others.
pub(crate) enum Standing {
    /// There are none; which of its processes this is.
    Only(u32),
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
    pub(crate) async fn take(shared: Option<&Shared>, number: u32) -> Result<Self, StoreError> {
        Ok(match shared {
            None => Self::Only(number),
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
            Self::Only(number) if *number != ONLY => {
                let (number, now) = (*number, Timestamp::now());
                let own = move |tx: &store::Tx<'_>| presence::forget(tx, &[number], now);
                store.run_quietly(own).await
            }
            Self::Only(_) | Self::Alone(_) => {
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
            Self::Only(number) => *number,
            Self::Alone(_) => ONLY,
            Self::Among(member) => member.number(),
        }
    }

    /// Until others may take this node for dead.
    pub(crate) async fn lost(&self) {
        match self {
            Self::Only(_) => std::future::pending().await,
            Self::Alone(alone) => alone.lost().await,
            Self::Among(member) => member.lost().await,
        }
    }
}

/// The way to the other nodes and to the other processes of this one, and what is to be said there.
#[derive(Default)]
pub(crate) struct Others {
    way: Option<Way>,
    kin: Option<Kin>,
    said: Option<UnboundedReceiver<Said>>,
}

impl Others {
    /// Until the process that leads this node is gone, where this is not it.
    pub(crate) fn orphaned(&self) -> Arc<Notify> {
        let orphaned = self.kin.as_ref().map(|kin| kin.orphaned.clone());
        orphaned.unwrap_or_default()
    }
}

/// A hub that reaches other nodes, and other processes of this one, where there are some. Nodes speak on a subject of
/// their own fleet.
///
/// # Errors
/// [`NatsError`].
pub(crate) fn hub(
    shared: Option<&Shared>,
    keys: Option<&str>,
    siblings: Option<(u32, UnboundedReceiver<Sibling>)>,
) -> Result<(Hub, Others), NatsError> {
    let nats = shared.and_then(|shared| shared.nats.as_ref());
    let way = nats.zip(keys).map(|(nats, keys)| {
        let subject = format!("saal-fleet.{}", &crate::hash(keys.as_bytes())[..32]);
        Way::new(nats, subject)
    });
    let kin = siblings.map(|(number, others)| Kin {
        number,
        others,
        orphaned: Arc::default(),
    });
    let way = way.transpose()?;
    if way.is_none() && kin.is_none() {
        return Ok((Hub::default(), Others::default()));
    }
    let (to, said) = unbounded_channel();
    let said = Some(said);
    Ok((Hub::among(to), Others { way, kin, said }))
}

/// All that a node does beside serving, for as long as it serves.
pub(crate) async fn run(app: &Arc<App>, standing: &Standing, others: Others) {
    tokio::join!(
        talk(app, others),
        note(app, standing.number()),
        lead(app, standing)
    );
}

async fn talk(app: &Arc<App>, others: Others) {
    match (others.way, others.kin, others.said) {
        (Some(way), Some(mut kin), Some(mut said)) => {
            tokio::join!(bus::run(app, &way, &mut said), siblings::watch(&mut kin));
        }
        (Some(way), None, Some(mut said)) => bus::run(app, &way, &mut said).await,
        (None, Some(mut kin), Some(mut said)) => siblings::run(app, &mut kin, &mut said).await,
        _ => std::future::pending().await,
    }
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
            Standing::Only(_) | Standing::Alone(_) => {}
            Standing::Among(member) => miss(app, member).await,
        }
    };
    if let Standing::Among(member) = standing {
        while !leads(member).await {
            sleep(LOOK).await;
        }
        tracing::info!("this node leads: it lets rollouts go on, and tells webhooks and people");
    }
    if matches!(standing, Standing::Only(number) if *number != ONLY) {
        // Its first process does.
        return std::future::pending().await;
    }
    tokio::join!(
        miss,
        hooks::run(app.clone()),
        alerts::run(app.clone()),
        rollouts::run(app.clone()),
        forget(app)
    );
}

/// What is kept for some time only goes.
async fn forget(app: &Arc<App>) {
    loop {
        let now = Timestamp::now();
        let forgotten = app.store.run_quietly(move |tx| logs::forget(tx, now));
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "logs of rooms are kept for longer than they should be");
        }
        sleep(HOUR).await;
    }
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
