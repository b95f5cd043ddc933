//! A database for one test: SQLite, and in a second run of all tests PostgreSQL.

use std::{
    path::Path,
    process::Command,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::runtime::Runtime;

use super::{
    Database, Shared, Store, Tx,
    rows::{PASSING, TABLES},
};
#[path = "../../tests/support/postgres.rs"]
#[allow(
    unreachable_pub,
    reason = "the tests of the whole server use it as well"
)]
mod server;

/// In the second run: where PostgreSQL is, without the database.
const POSTGRES: &str = "SAAL_FLEET_TEST_POSTGRES";
/// A fleet of a few devices is the same fleet.
const FEWER: u32 = 8;

/// What serves the tests' own connections, whatever runtime a test has.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
});
/// Databases that tests have given back.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());
static MADE: AtomicU32 = AtomicU32::new(0);

fn postgres() -> Option<String> {
    std::env::var(POSTGRES).ok()
}

/// So many cases, fewer where each takes longer.
pub(crate) fn cases(all: u32) -> u32 {
    if postgres().is_some() {
        all / FEWER
    } else {
        all
    }
}

/// Waits for something on a thread that may.
fn wait<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let waiting = || RUNTIME.block_on(work);
    std::thread::scope(|scope| scope.spawn(waiting).join()).unwrap()
}

/// An empty fleet; it goes with the test.
pub(crate) struct Fresh {
    folder: tempfile::TempDir,
    database: Option<String>,
}

impl Fresh {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: postgres().map(|server| database(&server)),
        }
    }

    /// Where keys and files go.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where its database is, if it is not in the folder.
    pub(crate) fn shared(&self) -> Option<Shared> {
        let database = self.database.as_ref()?;
        Some(Shared {
            database: format!("{} dbname={database}", postgres()?),
            password: None,
            ca: None,
            nats: None,
        })
    }

    /// Opens its database.
    pub(crate) fn store(&self) -> Store {
        let shared = self.shared();
        let store = wait(Store::connect(self.path(), shared.as_ref())).unwrap();
        if let Database::Sqlite(sqlite) = &store.database {
            sqlite.hurry();
        }
        store
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        FREE.lock().unwrap().extend(self.database.take());
    }
}

/// One that somebody gave back, emptied, or a new one.
fn database(server: &str) -> String {
    let free = FREE.lock().unwrap().pop();
    let (name, at, sql) = match free {
        Some(name) => {
            let tables = [&TABLES[..], &PASSING].concat().join(", ");
            let sql = format!(
                "SET session_replication_role = replica; TRUNCATE {tables}; ALTER TABLE audit ENABLE TRIGGER ALL"
            );
            (name.clone(), name, sql)
        }
        None => {
            let name = format!("fleet_{}", MADE.fetch_add(1, Ordering::Relaxed));
            let sql = format!("CREATE DATABASE {name}");
            (name, "postgres".to_owned(), sql)
        }
    };
    let config: tokio_postgres::Config = format!("{server} dbname={at}").parse().unwrap();
    wait(async move {
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&sql).await.unwrap();
    });
    name
}

impl Tx<'_> {
    /// Takes away what guards a table.
    pub(crate) fn drop_trigger(&self, name: &str, table: &str) {
        let sql = if self.is_postgres() {
            format!("ALTER TABLE {table} DISABLE TRIGGER {name}")
        } else {
            format!("DROP TRIGGER {name}")
        };
        self.batch(&sql).unwrap();
    }

    /// The names of all tables that hold the fleet.
    pub(crate) fn tables(&self) -> Vec<String> {
        let sql = if self.is_postgres() {
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'fleet_schema'"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        };
        self.query_map(sql, (), |row| row.get(0)).unwrap()
    }
}

/// Each test of this program once more.
#[test]
fn all_of_it_holds_on_postgresql_as_well() {
    if postgres().is_some() {
        return;
    }
    let server = server::Postgres::start();
    let url = server.url("postgres").replace(" dbname=postgres", "");
    let mut again = Command::new(std::env::current_exe().unwrap());
    // What has no database was tested already.
    again.args([
        "fleet::",
        "store::",
        "api::tests::",
        "web::tests::",
        "web::tests_alerts::",
        "web::tests_keys::",
        "oidc::tests::",
        "--test-threads=2",
    ]);
    let done = again.env(POSTGRES, url).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(
        said.contains("server_and_device_agree_in_the_end ... ok"),
        "{said}"
    );
}
