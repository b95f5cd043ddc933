//! The truth: SQLite in the server's folder, or PostgreSQL past one machine.
//!
//! One writer, each operation a transaction: what the operations in [`crate::fleet`] do happens
//! whole or not at all. Who only looks does so beside it, on connections that can't write. The operations
//! see either database through [`Tx`].

mod dialect;
mod nodes;
mod postgres;
pub(crate) mod rows;
mod schema;
mod secure;
mod sqlite;
#[cfg(test)]
pub(crate) mod testing;
mod turns;
mod tx;
mod value;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;

pub(crate) use self::{
    nodes::{Alone, Member},
    secure::client as tls_client,
    sqlite::{copy, is_sound},
    tx::{Optional, Tx},
    value::{Row, ToValue, params},
};
use self::{
    postgres::{Postgres, Purpose},
    secure::Secure,
    sqlite::Sqlite,
    turns::Turns,
};
pub use tx::DatabaseError;

use crate::{
    error::FleetError,
    folder::{self, FolderError},
    nodes::Nats,
};

/// The database's file in the server's folder.
pub(crate) const FILE: &str = "fleet.sqlite";

/// The database does not open.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says why.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// PostgreSQL, or the way to it.
    #[error("PostgreSQL: {0}")]
    Postgres(Box<FleetError>),
    /// What is needed on the way to it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A newer release wrote it.
    #[error(
        "{database} has version {found}, this saal-fleet knows {} at most; use the newer release, or restore a back-up",
        schema::MIGRATIONS.len()
    )]
    Newer {
        /// The database.
        database: String,
        /// Its version.
        found: usize,
    },
}

/// Where a database is that nodes share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// `postgres://USER@HOST/DATABASE`, with whatever else libpq's addresses have.
    pub database: String,
    /// A file with the password, which so is on no command line.
    pub password: Option<PathBuf>,
    /// The authority of the database's certificate, in PEM; `None`: one of those that this machine trusts.
    pub ca: Option<PathBuf>,
    /// How nodes that serve at the same time tell each other; `None`: one serves, the others wait for it to end.
    pub nats: Option<Nats>,
}

impl Shared {
    /// Past this machine, what is said to the database is encrypted unless its address says `sslmode=disable`.
    fn config(&self) -> Result<tokio_postgres::Config, StoreError> {
        use tokio_postgres::config::{Host, SslMode};
        let failed = |error: tokio_postgres::Error| {
            StoreError::Postgres(Box::new(DatabaseError::from(error).into()))
        };
        let mut config: tokio_postgres::Config = self.database.parse().map_err(failed)?;
        let near = |host: &Host| match host {
            Host::Tcp(name) => name == "localhost" || name.starts_with("127."),
            Host::Unix(_) => true,
        };
        if config.get_ssl_mode() == SslMode::Prefer && !config.get_hosts().iter().all(near) {
            config.ssl_mode(SslMode::Require);
        }
        if let Some(path) = &self.password {
            let missing = || FolderError::bad(path, &"it is not there");
            let password = folder::read(path)?.ok_or_else(missing)?;
            config.password(password.trim_ascii_end());
        }
        config.application_name("saal-fleet");
        // A database that is gone is noticed, not waited for.
        config.keepalives_idle(Duration::from_secs(10));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(25));
        Ok(config)
    }
}

/// Waits until no other node serves the fleet in a database.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn alone(shared: &Shared) -> Result<Alone, StoreError> {
    let secure = Secure::new(shared.ca.as_deref())?;
    let alone = Alone::wait(&shared.config()?, secure).await;
    alone.map_err(|error| StoreError::Postgres(Box::new(error.into())))
}

/// Waits until no node serves the fleet alone.
///
/// # Errors
/// [`StoreError`], or that there is no randomness.
pub(crate) async fn member(shared: &Shared) -> Result<Member, StoreError> {
    let secure = Secure::new(shared.ca.as_deref())?;
    let member = Member::join(&shared.config()?, secure).await;
    member.map_err(|error| StoreError::Postgres(Box::new(error)))
}

/// The database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: Database,
    /// Says that something was written, at whichever node.
    news: Arc<watch::Sender<()>>,
    /// Says that this node wrote something.
    wrote: Arc<watch::Sender<()>>,
    turns: Arc<Turns>,
}

#[derive(Clone, Debug)]
enum Database {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Store {
    /// Opens the database that nodes share, or the one in a folder.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn connect(
        folder: &Path,
        shared: Option<&Shared>,
    ) -> Result<Self, StoreError> {
        let Some(shared) = shared else {
            return Self::open(folder);
        };
        let secure = Secure::new(shared.ca.as_deref())?;
        let postgres = Postgres::open(shared.config()?, secure).await?;
        Ok(Self::of(Database::Postgres(Arc::new(postgres))))
    }

    fn of(database: Database) -> Self {
        Self {
            database,
            news: Arc::new(watch::Sender::new(())),
            wrote: Arc::new(watch::Sender::new(())),
            turns: Arc::default(),
        }
    }

    /// Opens the database in a folder, made or brought to the newest version as needed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let sqlite = Sqlite::open(&folder.join(FILE))?;
        Ok(Self::of(Database::Sqlite(Arc::new(sqlite))))
    }

    /// Tells when something was written, at whichever node.
    pub(crate) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// Tells when something was written at this node.
    pub(crate) fn wrote(&self) -> watch::Receiver<()> {
        self.wrote.subscribe()
    }

    /// Another node wrote something.
    pub(crate) fn hear(&self) {
        self.news.send_replace(());
    }

    /// Looks, beside whoever writes: at how it was when the look began.
    ///
    /// # Errors
    /// What `work` returns; writing is an error.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError> + Send + 'static,
    ) -> Result<T, FleetError> {
        match &self.database {
            Database::Sqlite(sqlite) => {
                let _place = sqlite.place().await?;
                let sqlite = sqlite.clone();
                blocking(move || sqlite.read(work)).await
            }
            Database::Postgres(postgres) => {
                let taken = postgres.take(Purpose::Look).await?;
                let postgres = postgres.clone();
                blocking(move || postgres.run(taken, work, false)).await
            }
        }
    }

    /// Does something whole or not at all, off the threads that serve sockets.
    ///
    /// # Errors
    /// What `work` returns, or that the transaction did not commit.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError> + Send + 'static,
    ) -> Result<T, FleetError> {
        let done = self.run_quietly(work).await?;
        self.announce();
        Ok(done)
    }

    /// The same for what nobody waits to hear of.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) async fn run_quietly<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError> + Send + 'static,
    ) -> Result<T, FleetError> {
        let (told, idle) = self.turns.ask(work);
        if idle {
            let store = self.clone();
            tokio::task::spawn_blocking(move || store.take_turns());
        }
        told.await.map_err(|_| FleetError::Stopping)?
    }

    /// Writes for as long as somebody waits.
    fn take_turns(&self) {
        loop {
            let mut operations = self.turns.next();
            if operations.is_empty() {
                return;
            }
            let kept = self.now(|tx| turns::run(tx, &mut operations));
            let kept = kept.map_err(|error| error.to_string());
            for operation in operations {
                operation.tell(kept.as_ref().copied().map_err(String::as_str));
            }
        }
    }

    /// All that is here, into another database that is empty.
    ///
    /// # Errors
    /// What either database says.
    pub(crate) async fn copy_to(&self, to: Self) -> Result<(), FleetError> {
        self.read(move |from| to.now(|to| Ok(rows::copy(from, to)?)))
            .await
    }

    /// As [`Self::run_quietly`], on a thread that may wait.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) fn now<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError>,
    ) -> Result<T, FleetError> {
        match &self.database {
            Database::Sqlite(sqlite) => sqlite.write(work, true),
            Database::Postgres(postgres) => postgres.now(work),
        }
    }

    /// Something was written quietly that others want to hear of after all.
    pub(crate) fn announce(&self) {
        self.wrote.send_replace(());
        self.news.send_replace(());
    }

    /// Looks at what something would do, and leaves everything as it was.
    ///
    /// # Errors
    /// What `work` returns.
    pub(crate) async fn try_out<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError> + Send + 'static,
    ) -> Result<T, FleetError> {
        match &self.database {
            Database::Sqlite(sqlite) => {
                let sqlite = sqlite.clone();
                blocking(move || sqlite.write(work, false)).await
            }
            Database::Postgres(postgres) => {
                let taken = postgres.take(Purpose::Write).await?;
                let postgres = postgres.clone();
                blocking(move || postgres.run(taken, work, false)).await
            }
        }
    }
}

/// Off the threads that serve sockets.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FleetError> + Send + 'static,
) -> Result<T, FleetError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| FleetError::Stopping)?
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::fleet::trust::Trusted;

    use super::*;
    use crate::fleet::{devices, orders, roots};

    #[test]
    fn a_database_of_a_newer_release_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        let newer = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        drop(newer);
        let error = Store::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("version 99"), "{error}");
    }

    #[tokio::test]
    async fn who_only_looks_can_not_write() {
        let folder = testing::Fresh::new();
        let store = folder.store();
        let wrote = store
            .read(|tx| Ok(tx.execute("INSERT INTO serials (serial) VALUES ('x')", ())?))
            .await;
        assert!(wrote.is_err());
        let count =
            |tx: &Tx<'_>| Ok(tx.query_row("SELECT COUNT(*) FROM serials", (), |row| row.get(0))?);
        let found: i64 = store.read(count).await.unwrap();
        assert_eq!(found, 0);
    }

    #[test]
    fn a_fleet_from_before_there_were_roots_keeps_what_it_told_its_devices() {
        const BEFORE: usize = 11;
        let folder = tempfile::tempdir().unwrap();
        let old = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        for step in schema::MIGRATIONS[..BEFORE].iter().copied().flatten() {
            old.execute_batch(step.sqlite()).unwrap();
        }
        old.execute_batch(
            "INSERT INTO devices (device, key, seal_key, serial, model, claimed, wanted) VALUES ('0123456789abcdef', 'k', 's', 'SN1', 'Saal', 0, 3);
             INSERT INTO orders (device, signed) VALUES ('0123456789abcdef', '{\"order\":\"x\",\"signature\":\"y\"}');",
        )
        .unwrap();
        old.pragma_update(None, "user_version", BEFORE).unwrap();
        drop(old);
        let store = Store::open(folder.path()).unwrap();
        let keys = crate::keys::Keys::open(folder.path()).unwrap();
        let look = |tx: &Tx<'_>| {
            let row = devices::get(tx, &"0123456789abcdef".parse().unwrap())?;
            let (generation, order) = orders::unseen(tx, &row)?.expect("it was signed before");
            assert_eq!((generation, order.signature.as_str()), (3, "y"));
            let root = roots::begin(tx, &keys, None, jiff::Timestamp::UNIX_EPOCH)?;
            let root = root.expect("it had none");
            // The key that devices of this fleet know signed it.
            let known = [keys.signing.verifying_key()];
            let metadata = root.metadata().clone();
            Ok(Trusted::after_keys(&known, metadata).is_ok())
        };
        assert!(store.now(look).unwrap());
    }

    #[test]
    fn opening_it_again_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        drop(Store::open(folder.path()).unwrap());
        assert!(is_sound(&folder.path().join(FILE)).unwrap());
    }
}
