//! Operations that write are gathered: those that wait while others are written go into one transaction, so that a
//! crowd of devices costs the disk no more than a few of them.
//!
//! Each operation still happens whole or not at all, as it has a savepoint of its own, and hears of it only after
//! the transaction was kept.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{DatabaseError, Tx};
use crate::error::FleetError;

/// So many operations are written at once; whoever comes later waits no longer than for these.
const TOGETHER: usize = 500;

/// What waits to be written.
#[derive(Default)]
pub(super) struct Turns(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    operations: Vec<Box<dyn Operation>>,
    /// Somebody writes, and looks here again before they stop.
    busy: bool,
}

impl std::fmt::Debug for Turns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turns").finish_non_exhaustive()
    }
}

/// Something to do whole or not at all, and somebody who waits for it.
pub(super) trait Operation: Send {
    /// Whether it is to be kept.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// Says what became of it; the error is that of the transaction.
    fn tell(self: Box<Self>, kept: Result<(), &str>);
}

struct Asked<T, W> {
    work: Option<W>,
    done: Option<Result<T, FleetError>>,
    answer: oneshot::Sender<Result<T, FleetError>>,
}

impl<T, W> Operation for Asked<T, W>
where
    T: Send,
    W: FnOnce(&Tx<'_>) -> Result<T, FleetError> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // What panics is no reason to lose what others do.
        let done = catch_unwind(AssertUnwindSafe(|| work(tx)));
        let done = done.unwrap_or(Err(FleetError::Stopping));
        let well = done.is_ok();
        self.done = Some(done);
        well
    }

    fn tell(self: Box<Self>, kept: Result<(), &str>) {
        let done = match (self.done, kept) {
            (Some(Ok(_)) | None, Err(why)) => Err(DatabaseError::NotKept(why.to_owned()).into()),
            (Some(done), _) => done,
            (None, Ok(())) => Err(FleetError::Stopping),
        };
        let _ = self.answer.send(done);
    }
}

impl Turns {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an operation in; true: nobody writes, so whoever asked has to ([`Self::next`]).
    pub(super) fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, FleetError> + Send + 'static,
    ) -> (oneshot::Receiver<Result<T, FleetError>>, bool) {
        let (answer, told) = oneshot::channel();
        let asked = Asked {
            work: Some(work),
            done: None,
            answer,
        };
        let mut waiting = self.waiting();
        waiting.operations.push(Box::new(asked));
        let idle = !std::mem::replace(&mut waiting.busy, true);
        (told, idle)
    }

    /// What is to be written next; none: whoever asks may stop.
    pub(super) fn next(&self) -> Vec<Box<dyn Operation>> {
        let mut waiting = self.waiting();
        let some = waiting.operations.len().min(TOGETHER);
        let next: Vec<_> = waiting.operations.drain(..some).collect();
        if next.is_empty() {
            waiting.busy = false;
            waiting.operations.shrink_to(TOGETHER);
        }
        next
    }
}

/// Runs some operations in one transaction.
///
/// # Errors
/// When none of them can be kept.
pub(super) fn run(tx: &Tx<'_>, operations: &mut [Box<dyn Operation>]) -> Result<(), FleetError> {
    if let [alone] = operations {
        // Nothing is lost with it, and nobody else waits.
        let well = alone.run(tx);
        return if well {
            Ok(())
        } else {
            Err(FleetError::Stopping)
        };
    }
    for operation in operations {
        tx.savepoint()?;
        if operation.run(tx) {
            tx.release()?;
        } else {
            tx.roll_back()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Fresh;

    fn expect(serial: &'static str) -> impl FnOnce(&Tx<'_>) -> Result<usize, FleetError> {
        move |tx| Ok(tx.execute("INSERT INTO serials (serial) VALUES (?1)", [serial])?)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_fails_or_panics_takes_nothing_of_what_is_written_with_it() {
        let folder = Fresh::new();
        let store = folder.store();
        // Until all others wait.
        let (open, closed) = std::sync::mpsc::channel::<()>();
        let first = store.run(move |tx| {
            let _ = closed.recv();
            expect("first")(tx)
        });
        let fails = store.run(|tx| {
            expect("fails")(tx)?;
            tx.execute("INSERT INTO nowhere (x) VALUES (1)", ())?;
            Ok(())
        });
        let panics = store.run(|tx| -> Result<(), FleetError> {
            expect("panics")(tx)?;
            panic!("as a broken invariant does")
        });
        let last = store.run(expect("last"));
        let all = async {
            let opened = async { open.send(()).unwrap() };
            tokio::join!(biased; first, fails, panics, last, opened)
        };
        let (first, fails, panics, last, ()) = all.await;
        assert_eq!((first.unwrap(), last.unwrap()), (1, 1));
        assert!(matches!(fails, Err(FleetError::Database(_))));
        assert!(matches!(panics, Err(FleetError::Stopping)));
        let look = |tx: &Tx<'_>| {
            let sql = "SELECT serial FROM serials ORDER BY serial";
            Ok(tx.query_map(sql, (), |row| row.get::<_, String>(0))?)
        };
        assert_eq!(store.read(look).await.unwrap(), ["first", "last"]);
    }
}
