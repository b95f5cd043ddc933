//! PostgreSQL: for a fleet past one machine.
//!
//! Whoever writes waits for whoever writes before, at whichever node: a lock of the database that ends with the transaction. So what holds
//! with one process holds with many. Who only looks has a snapshot.

use std::{
    cell::Cell,
    collections::HashMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::StreamExt as _;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_postgres::{
    Client, Config, Row, Statement,
    types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use super::{
    DatabaseError, StoreError, dialect, schema,
    secure::Secure,
    tx::Tx,
    value::{Field, Value},
};
use crate::error::FleetError;

/// So many look at the same time; more wait.
const READERS: usize = 4;
/// So many statements a connection keeps prepared.
const PREPARED: usize = 256;
/// Whoever writes holds this lock of the database: "saalflee" in ASCII.
const WRITING: &str = "BEGIN; SELECT pg_advisory_xact_lock(x'7361616c666c6565'::bigint)";
const LOOKING: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To look.
    Look,
    /// To write.
    Write,
}

/// A connection with what it has prepared.
struct Link {
    client: Client,
    prepared: Mutex<HashMap<String, Statement>>,
    /// A transaction may not have ended: nobody begins another one.
    unsure: AtomicBool,
}

impl Link {
    fn is_clean(&self) -> bool {
        !self.client.is_closed() && !self.unsure.load(Ordering::Relaxed)
    }

    /// Ends a transaction.
    async fn end(&self, how: &str) -> Result<(), DatabaseError> {
        let ended = self.client.batch_execute(how).await;
        if ended.is_err() {
            self.unsure.store(true, Ordering::Relaxed);
        }
        Ok(ended?)
    }
}

/// Connections for one purpose.
struct Pool {
    free: Mutex<Vec<Link>>,
    places: Arc<Semaphore>,
}

impl Pool {
    fn new(most: usize) -> Self {
        Self {
            free: Mutex::new(Vec::new()),
            places: Arc::new(Semaphore::new(most)),
        }
    }
}

/// A connection, for as long as somebody needs it.
pub(super) struct Taken {
    link: Link,
    purpose: Purpose,
    _place: OwnedSemaphorePermit,
}

/// The database.
pub(super) struct Postgres {
    config: Config,
    secure: Secure,
    handle: Handle,
    writer: Pool,
    readers: Pool,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The configuration has a password.
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Postgres {
    /// Connects, and makes the tables or brings them to the newest version as needed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn open(config: Config, secure: Secure) -> Result<Self, StoreError> {
        let postgres = Self {
            config,
            secure,
            handle: Handle::current(),
            writer: Pool::new(1),
            readers: Pool::new(READERS),
        };
        let failed = |error: FleetError| StoreError::Postgres(Box::new(error));
        let taken = postgres.take(Purpose::Write).await.map_err(failed)?;
        let migrated = tokio::task::spawn_blocking(move || {
            let found = postgres.run(taken, migrate, true)?;
            Ok((postgres, found))
        });
        let migrated = migrated.await.map_err(|_| failed(FleetError::Stopping))?;
        let (postgres, found) = migrated.map_err(failed)?;
        if found > schema::MIGRATIONS.len() {
            let database = "the database".to_owned();
            return Err(StoreError::Newer { database, found });
        }
        Ok(postgres)
    }

    fn pool(&self, purpose: Purpose) -> &Pool {
        match purpose {
            Purpose::Look => &self.readers,
            Purpose::Write => &self.writer,
        }
    }

    /// A connection that is there, or a new one.
    pub(super) async fn take(&self, purpose: Purpose) -> Result<Taken, FleetError> {
        let pool = self.pool(purpose);
        let place = pool.places.clone().acquire_owned().await;
        let place = place.map_err(|_| FleetError::Stopping)?;
        let free = {
            let mut free = pool.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.retain(Link::is_clean);
            free.pop()
        };
        let link = match free {
            Some(link) => link,
            None => self.connect().await?,
        };
        Ok(Taken {
            link,
            purpose,
            _place: place,
        })
    }

    async fn connect(&self) -> Result<Link, DatabaseError> {
        let (client, connection) = self.config.connect(self.secure.clone()).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = %DatabaseError::from(error), "a connection to the database ended");
            }
        });
        Ok(Link {
            client,
            prepared: Mutex::default(),
            unsure: AtomicBool::new(false),
        })
    }

    /// A transaction, on a thread that may wait.
    pub(super) fn run<T>(
        &self,
        taken: Taken,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError>,
        keep: bool,
    ) -> Result<T, FleetError> {
        let begin = match taken.purpose {
            Purpose::Look => LOOKING,
            Purpose::Write => WRITING,
        };
        let done = Begun::new(&taken.link, &self.handle, begin).map_err(FleetError::from);
        let done = done.and_then(|begun| {
            let tx = Tx::postgres(begun);
            let done = work(&tx)?;
            if keep {
                tx.commit()?;
            }
            Ok(done)
        });
        if taken.link.is_clean() {
            let pool = self.pool(taken.purpose);
            let mut free = pool.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.push(taken.link);
        }
        done
    }

    /// The same for who waits for the connection too.
    pub(super) fn now<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError>,
    ) -> Result<T, FleetError> {
        let taken = self.handle.block_on(self.take(Purpose::Write))?;
        self.run(taken, work, true)
    }
}

/// A transaction that has begun; it is rolled back where nobody commits it.
pub(super) struct Begun<'a> {
    link: &'a Link,
    handle: &'a Handle,
    /// A statement failed: PostgreSQL would commit nothing, and not say so.
    failed: Cell<bool>,
    over: Cell<bool>,
}

impl<'a> Begun<'a> {
    fn new(link: &'a Link, handle: &'a Handle, begin: &str) -> Result<Self, DatabaseError> {
        handle.block_on(link.client.batch_execute(begin))?;
        Ok(Self {
            link,
            handle,
            failed: Cell::new(false),
            over: Cell::new(false),
        })
    }

    pub(super) fn commit(&self) -> Result<(), DatabaseError> {
        if self.failed.get() {
            return Err(DatabaseError::Failed);
        }
        self.over.set(true);
        self.handle.block_on(self.link.end("COMMIT"))
    }

    /// What failed is about to be undone.
    pub(super) fn mend(&self) {
        self.failed.set(false);
    }

    /// Several statements that take nothing.
    pub(super) fn batch(&self, sql: &str) -> Result<(), DatabaseError> {
        let done = self.handle.block_on(self.link.client.batch_execute(sql));
        self.noted(done.map_err(Into::into))
    }

    pub(super) fn execute(&self, sql: &str, values: &[Value]) -> Result<usize, DatabaseError> {
        let done = self.handle.block_on(async {
            let statement = self.prepared(sql, values).await?;
            Ok(self.link.client.execute_raw(&statement, values).await?)
        });
        let changed = self.noted(done)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(super) fn look(
        &self,
        sql: &str,
        values: &[Value],
        mut each: impl FnMut(&Row) -> Result<ControlFlow<()>, DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let rows = self.handle.block_on(async {
            let statement = self.prepared(sql, values).await?;
            Ok(self.link.client.query_raw(&statement, values).await?)
        });
        let mut rows = Box::pin(self.noted(rows)?);
        loop {
            let next = self.handle.block_on(rows.next());
            let Some(row) = next else { return Ok(()) };
            let row = self.noted(row.map_err(Into::into))?;
            if each(&row)?.is_break() {
                return Ok(());
            }
        }
    }

    fn noted<T>(&self, done: Result<T, DatabaseError>) -> Result<T, DatabaseError> {
        if done.is_err() {
            self.failed.set(true);
        }
        done
    }

    async fn prepared(&self, sql: &str, values: &[Value]) -> Result<Statement, DatabaseError> {
        let known = {
            let prepared = self.link.prepared.lock();
            prepared
                .unwrap_or_else(PoisonError::into_inner)
                .get(sql)
                .cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let types: Vec<Type> = values.iter().map(kind).collect();
        let statement = dialect::statement(sql);
        let new = self.link.client.prepare_typed(&statement, &types).await?;
        let mut prepared = self
            .link
            .prepared
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if prepared.len() >= PREPARED {
            prepared.clear();
        }
        prepared.insert(sql.to_owned(), new.clone());
        Ok(new)
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.over.get() {
            let _ = self.handle.block_on(self.link.end("ROLLBACK"));
        }
    }
}

fn kind(value: &Value) -> Type {
    match value {
        Value::Integer(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Field<'a> {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::BOOL => Self::Integer(bool::from_sql(kind, raw)?.into()),
            Type::BYTEA => Self::Bytes(raw),
            _ => Self::Text(<&str>::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Nothing)
    }

    fn accepts(kind: &Type) -> bool {
        let known = [Type::INT8, Type::INT4, Type::BOOL, Type::BYTEA];
        known.contains(kind) || <&str as FromSql<'_>>::accepts(kind)
    }
}

/// In one transaction, while no other node does it; returns the version that was found. A newer one is left alone.
fn migrate(tx: &Tx<'_>) -> Result<usize, FleetError> {
    tx.batch("CREATE TABLE IF NOT EXISTS fleet_schema (version BIGINT NOT NULL)")?;
    let sql = "SELECT COALESCE(MAX(version), 0) FROM fleet_schema";
    let found: usize = tx.query_row(sql, (), |row| row.get(0))?;
    for (number, steps) in schema::MIGRATIONS.iter().enumerate().skip(found) {
        for step in *steps {
            tx.batch(&step.postgres())?;
        }
        tx.execute("DELETE FROM fleet_schema", ())?;
        tx.execute(
            "INSERT INTO fleet_schema (version) VALUES (?1)",
            [number + 1],
        )?;
    }
    Ok(found)
}
