//! SQLite: one file, one machine.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{DatabaseError, StoreError, schema, tx::Tx};
use crate::{error::FleetError, folder::FolderError};

/// So many look at the same time; more wait.
const READERS: usize = 4;
/// So many statements a connection keeps prepared.
const PREPARED: usize = 128;

/// The file.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    writer: Mutex<Connection>,
    /// Whoever writes holds its lock, of all processes that serve a fleet together. SQLite itself lets them only try
    /// again and again, so that one may never come to its turn.
    turn: File,
    /// Connections that only look.
    free: Mutex<Vec<Connection>>,
    places: Semaphore,
}

impl Sqlite {
    /// Opens the file, made or brought to the newest version as needed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Sqlite {
            path: path.to_owned(),
            source,
        };
        let mut connection = Connection::open(path).map_err(failed)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA busy_timeout = 10000;",
            )
            .map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        let turn = path.with_extension("lock");
        let turn = File::create(&turn).map_err(|e| FolderError::io(&turn, e))?;
        turn.lock().map_err(|e| FolderError::io(path, e))?;
        migrate(&mut connection, path)?;
        turn.unlock().map_err(|e| FolderError::io(path, e))?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(connection),
            turn,
            free: Mutex::new(Vec::new()),
            places: Semaphore::new(READERS),
        })
    }

    /// Room for one more who looks.
    pub(super) async fn place(&self) -> Result<SemaphorePermit<'_>, FleetError> {
        let place = self.places.acquire().await;
        place.map_err(|_| FleetError::Stopping)
    }

    /// Looks. Whoever calls has a [`Self::place`].
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError>,
    ) -> Result<T, FleetError> {
        let mut connection = self.take()?;
        let tx = Tx::sqlite(connection.transaction()?);
        let done = work(&tx)?;
        drop(tx);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(connection);
        Ok(done)
    }

    fn take(&self) -> Result<Connection, rusqlite::Error> {
        let free = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        if let Some(connection) = free {
            return Ok(connection);
        }
        let connection = Connection::open(&self.path)?;
        connection.execute_batch("PRAGMA busy_timeout = 10000; PRAGMA query_only = ON;")?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(connection)
    }

    /// Writes, after whoever wrote before.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError>,
        keep: bool,
    ) -> Result<T, FleetError> {
        // A transaction that panicked was rolled back when it was dropped.
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = Turn::take(&self.turn)?;
        let tx = Tx::sqlite(connection.transaction_with_behavior(TransactionBehavior::Immediate)?);
        let done = work(&tx)?;
        if keep {
            tx.commit()?;
        }
        Ok(done)
    }

    /// A database that is gone after the test need not survive a power cut.
    #[cfg(test)]
    pub(super) fn hurry(&self) {
        let connection = self.writer.lock().unwrap();
        connection
            .execute_batch("PRAGMA synchronous = OFF")
            .unwrap();
    }
}

/// The lock of whoever writes, until it is dropped.
struct Turn<'a>(&'a File);

impl<'a> Turn<'a> {
    fn take(file: &'a File) -> Result<Self, FleetError> {
        file.lock().map_err(DatabaseError::Turn)?;
        Ok(Self(file))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // It ends with the process at the latest.
        let _ = self.0.unlock();
    }
}

/// A whole copy of the database, while others use it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Sqlite {
        path: from.to_owned(),
        source,
    };
    let connection = Connection::open_with_flags(from, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(failed)?;
    let to = to.to_string_lossy().into_owned();
    connection.execute("VACUUM INTO ?1", [to]).map_err(failed)?;
    Ok(())
}

/// Whether SQLite finds nothing wrong with a database.
pub(crate) fn is_sound(path: &Path) -> Result<bool, StoreError> {
    let failed = |source| StoreError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let connection = Connection::open(path).map_err(failed)?;
    let found: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(failed)?;
    Ok(found == "ok")
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let found: usize = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed)?;
    if found > schema::MIGRATIONS.len() {
        return Err(StoreError::Newer {
            database: path.display().to_string(),
            found,
        });
    }
    for (number, steps) in schema::MIGRATIONS.iter().enumerate().skip(found) {
        let transaction = connection.transaction().map_err(failed)?;
        for step in *steps {
            transaction.execute_batch(step.sqlite()).map_err(failed)?;
        }
        transaction
            .pragma_update(None, "user_version", number + 1)
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}
