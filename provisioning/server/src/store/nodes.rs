//! Who serves, as the database knows it: by locks that nodes hold for as long as their connection to it lives.

use tokio::sync::watch;
use tokio_postgres::{Client, Config};

use super::{DatabaseError, secure::Secure};
use crate::error::FleetError;

/// Whoever serves holds this lock, alone or with others: "saalnode" in ASCII.
const TRY_ALONE: &str = "SELECT pg_try_advisory_lock(x'7361616c6e6f6465'::bigint)";
const ALONE: &str = "SELECT pg_advisory_lock(x'7361616c6e6f6465'::bigint)";
const TRY_TOGETHER: &str = "SELECT pg_try_advisory_lock_shared(x'7361616c6e6f6465'::bigint)";
const TOGETHER: &str = "SELECT pg_advisory_lock_shared(x'7361616c6e6f6465'::bigint)";
/// Of those that serve together, one has this: "saalhead".
const TRY_LEADING: &str = "SELECT pg_try_advisory_lock(x'7361616c68656164'::bigint)";
/// Each of them has a number of its own: "saal" and the number. Two keys are another kind of lock than one (PostgreSQL's
/// manual, pg_locks: `objsubid`).
const TRY_NUMBER: &str = "SELECT pg_try_advisory_lock(x'7361616c'::int, $1::int)";
const NUMBERS: &str = "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 \
                       AND classid = x'7361616c'::int::oid \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
/// In seconds, and in milliseconds.
const NOTICED: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
                       SET tcp_user_timeout = 25000";

/// A connection that holds locks.
struct Session {
    client: Client,
    /// Its other end goes with the connection.
    open: watch::Receiver<()>,
}

impl Session {
    async fn open(config: &Config, secure: Secure) -> Result<Self, DatabaseError> {
        let (client, connection) = config.connect(secure).await?;
        let (ends, open) = watch::channel(());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = %DatabaseError::from(error), "the database is gone");
            }
            drop(ends);
        });
        // A node whose power went is to be missed soon.
        client.batch_execute(NOTICED).await?;
        Ok(Self { client, open })
    }

    async fn tried(&self, lock: &str) -> Result<bool, DatabaseError> {
        Ok(self.client.query_one(lock, &[]).await?.try_get(0)?)
    }

    /// Until the locks may be somebody else's.
    async fn lost(&self) {
        let mut open = self.open.clone();
        while open.changed().await.is_ok() {}
    }
}

/// What only one node has at a time: it serves, and the others wait.
pub(crate) struct Alone(Session);

impl Alone {
    /// Waits for its turn.
    pub(super) async fn wait(config: &Config, secure: Secure) -> Result<Self, DatabaseError> {
        let session = Session::open(config, secure).await?;
        if !session.tried(TRY_ALONE).await? {
            tracing::info!("another node serves this fleet; this one takes over when it ends");
            session.client.batch_execute(ALONE).await?;
        }
        Ok(Self(session))
    }

    /// Until another node may take over.
    pub(crate) async fn lost(&self) {
        self.0.lost().await;
    }
}

/// A node that serves with others.
pub(crate) struct Member {
    session: Session,
    number: u32,
}

impl Member {
    /// Waits until no node serves alone, and takes a number that no other one has.
    pub(super) async fn join(config: &Config, secure: Secure) -> Result<Self, FleetError> {
        let session = Session::open(config, secure).await?;
        if !session.tried(TRY_TOGETHER).await? {
            tracing::info!("a node without --nats serves this fleet; this one waits for its end");
            let together = session.client.batch_execute(TOGETHER).await;
            together.map_err(DatabaseError::from)?;
        }
        loop {
            // Positive, and not the 0 of a node without others.
            let number = i32::from_be_bytes(crate::random()?) & i32::MAX;
            let free = session.client.query_one(TRY_NUMBER, &[&number]).await;
            let free: bool = free
                .and_then(|row| row.try_get(0))
                .map_err(DatabaseError::from)?;
            if let Some(number) = u32::try_from(number).ok().filter(|n| free && *n > 0) {
                return Ok(Self { session, number });
            }
        }
    }

    /// By what it is known in the database for as long as it lives.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Takes the lead if nobody has it.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn lead(&self) -> Result<bool, FleetError> {
        Ok(self.session.tried(TRY_LEADING).await?)
    }

    /// The numbers of all nodes that live.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn alive(&self) -> Result<Vec<u32>, FleetError> {
        let rows = self.session.client.query(NUMBERS, &[]).await;
        let rows = rows.map_err(DatabaseError::from)?;
        let numbers = rows.iter().map(|row| row.try_get::<_, i64>(0));
        let numbers: Result<Vec<i64>, _> = numbers.collect();
        let numbers = numbers.map_err(DatabaseError::from)?;
        Ok(numbers
            .into_iter()
            .filter_map(|n| u32::try_from(n).ok())
            .collect())
    }

    /// Until others may take it for dead.
    pub(crate) async fn lost(&self) {
        self.session.lost().await;
    }
}
