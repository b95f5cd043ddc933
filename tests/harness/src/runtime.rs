//! One runtime and one starter of processes for the whole test binary.
//!
//! Servers outlive the test that started them, so their sockets must not belong to the runtime of one test. And the
//! kernel kills a child that asked for it (`PR_SET_PDEATHSIG`) when the *thread* that started it ends, so children are
//! started from a thread that lives as long as the process.

use std::future::Future;
use std::io;
use std::sync::mpsc;
use std::sync::{Mutex, OnceLock};

use saal_network_sim::Namespace;
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime on which everything of the harness runs.
pub(crate) fn runtime() -> &'static Runtime {
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("harness")
            .enable_all()
            .build()
            .expect("a process may start two threads")
    })
}

/// Runs a test: `#[test] fn name() { saal_harness::run(async { ... }) }`.
pub fn run<F: Future>(test: F) -> F::Output {
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter())
        .with_test_writer()
        .try_init();
    runtime().block_on(test)
}

/// Errors, but none of the Matrix client library's about answers that are expected.
fn filter() -> EnvFilter {
    EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("error,matrix_sdk::http_client=off"))
}

type Order = (Command, tokio::sync::oneshot::Sender<io::Result<Child>>);

/// Starts a program from the thread that lives as long as this process, or as its network.
pub(crate) async fn start(mut command: Command, network: Option<&Namespace>) -> io::Result<Child> {
    if let Some(network) = network {
        return network.inside(move || command.spawn()).await?;
    }
    static STARTER: OnceLock<Mutex<mpsc::Sender<Order>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (orders, inbox) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            let _inside = runtime().enter();
            for (mut command, answer) in inbox {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (answer, started) = tokio::sync::oneshot::channel();
    starter
        .lock()
        .expect("nothing panics while it holds this lock")
        .send((command, answer))
        .map_err(|_| io::Error::other("the starter of processes has ended"))?;
    started
        .await
        .map_err(|_| io::Error::other("the starter of processes has ended"))?
}
