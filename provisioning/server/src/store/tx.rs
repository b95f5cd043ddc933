//! A transaction, as the operations see it: what they do happens whole or not at all.

use std::ops::ControlFlow;

use super::{
    postgres::Begun,
    value::{Params, Row, Value},
};

/// The database did not do what an operation asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// There is no such row.
    #[error("nothing is where something has to be")]
    NoRow,
    /// SQLite says why.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL says why.
    #[error("{}", described(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// Nothing more comes of the transaction.
    #[error("a statement of this transaction failed before")]
    Failed,
    /// The lock of whoever writes.
    #[error("its lock: {0}")]
    Turn(std::io::Error),
    /// The transaction that this was a part of.
    #[error("nothing was written: {0}")]
    NotKept(String),
    /// What stands in a column is not what this release writes there.
    #[error("column {column}: {reason}")]
    Column {
        /// Its name, or its number.
        column: String,
        /// What is wrong.
        reason: String,
    },
}

/// What the database itself says, where it says something.
fn described(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => said.to_string(),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// Whether there was a row is an answer too.
pub(crate) trait Optional<T> {
    fn optional(self) -> Result<Option<T>, DatabaseError>;
}

impl<T> Optional<T> for Result<T, DatabaseError> {
    fn optional(self) -> Result<Option<T>, DatabaseError> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(DatabaseError::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A transaction. Statements number what they take: `?1`, `?2`, …
pub(crate) struct Tx<'a>(Of<'a>);

enum Of<'a> {
    Sqlite(rusqlite::Transaction<'a>),
    Postgres(Begun<'a>),
}

impl<'a> Tx<'a> {
    pub(super) fn sqlite(transaction: rusqlite::Transaction<'a>) -> Self {
        Self(Of::Sqlite(transaction))
    }

    pub(super) fn postgres(begun: Begun<'a>) -> Self {
        Self(Of::Postgres(begun))
    }

    pub(super) fn commit(self) -> Result<(), DatabaseError> {
        match self.0 {
            Of::Sqlite(transaction) => Ok(transaction.commit()?),
            Of::Postgres(begun) => begun.commit(),
        }
    }

    /// From here on everything can be undone alone.
    pub(super) fn savepoint(&self) -> Result<(), DatabaseError> {
        self.step("SAVEPOINT operation")
    }

    /// What was done since the savepoint stays.
    pub(super) fn release(&self) -> Result<(), DatabaseError> {
        self.step("RELEASE SAVEPOINT operation")
    }

    /// What was done since the savepoint is undone.
    pub(super) fn roll_back(&self) -> Result<(), DatabaseError> {
        if let Of::Postgres(begun) = &self.0 {
            begun.mend();
        }
        self.step("ROLLBACK TO SAVEPOINT operation")?;
        self.release()
    }

    fn step(&self, sql: &str) -> Result<(), DatabaseError> {
        match &self.0 {
            Of::Sqlite(transaction) => {
                transaction.prepare_cached(sql)?.execute(())?;
                Ok(())
            }
            Of::Postgres(begun) => begun.batch(sql),
        }
    }

    /// How many rows it changed.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, DatabaseError> {
        let values = params.values();
        match &self.0 {
            Of::Sqlite(transaction) => {
                let values = rusqlite::params_from_iter(values);
                Ok(transaction.prepare_cached(sql)?.execute(values)?)
            }
            Of::Postgres(begun) => begun.execute(sql, &values),
        }
    }

    /// Several statements that take nothing, in the database's own words.
    pub(super) fn batch(&self, sql: &str) -> Result<(), DatabaseError> {
        match &self.0 {
            Of::Sqlite(transaction) => Ok(transaction.execute_batch(sql)?),
            Of::Postgres(begun) => begun.batch(sql),
        }
    }

    /// The first row; [`DatabaseError::NoRow`] where there is none.
    pub(crate) fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut read = Some(read);
        let mut found = None;
        self.look(sql, params, |row| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(ControlFlow::Break(()))
        })?;
        found.ok_or(DatabaseError::NoRow)
    }

    /// All rows.
    pub(crate) fn query_map<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, DatabaseError> {
        let mut all = Vec::new();
        self.look(sql, params, |row| {
            all.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Row by row, for as long as somebody wants more. No other statement runs meanwhile.
    pub(crate) fn look(
        &self,
        sql: &str,
        params: impl Params,
        mut each: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let values = params.values();
        match &self.0 {
            Of::Sqlite(transaction) => {
                let mut statement = transaction.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                while let Some(row) = rows.next()? {
                    if each(&Row::Sqlite(row))?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
            Of::Postgres(begun) => begun.look(sql, &values, |row| each(&Row::Postgres(row))),
        }
    }

    /// Whether PostgreSQL is behind it.
    #[cfg(test)]
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.0, Of::Postgres(_))
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Integer(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
        }
    }
}
