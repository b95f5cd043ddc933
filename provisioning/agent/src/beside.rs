//! Work that may hold up its thread, on one of its own.
//!
//! TLS signs with the device's key in the middle of a handshake and does not wait for it as other things are waited for. A TPM
//! takes a good part of a second for that, and a broken one as long as the kernel has patience. The agent has one thread, which
//! looks after the room meanwhile.

use std::{future, panic, pin::Pin};

use tokio::{runtime::Handle, sync::oneshot, task::spawn_blocking};

/// Does it on a thread of its own. It ends, at the next place where it waits, when this is dropped.
pub(crate) async fn beside<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let (wanted, unwanted) = oneshot::channel::<()>();
    let runtime = Handle::current();
    let done = spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                done = work => Some(done),
                _ = unwanted => None,
            }
        })
    });
    let done = done.await;
    drop(wanted);
    match done {
        Ok(Some(done)) => done,
        Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
        // The runtime ends, and this with it.
        Ok(None) | Err(_) => future::pending().await,
    }
}

/// Work that goes on while something else is waited for.
pub(crate) type Begun<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The end of work, if it has begun; it is over then.
pub(crate) async fn end<T>(work: &mut Option<Begun<T>>) -> T {
    let done = match work.as_mut() {
        Some(work) => work.await,
        None => future::pending().await,
    };
    *work = None;
    done
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// As in the agent: one thread for everything.
    #[tokio::test]
    async fn what_holds_up_its_thread_holds_up_nothing_else() {
        let (answer, tpm) = mpsc::channel();
        let signed = beside(async move { tpm.recv() });
        let room = async move { answer.send("signed") };
        let (signed, looked) = tokio::join!(signed, room);
        assert_eq!((signed, looked), (Ok("signed"), Ok(())));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_ends() {
        let (alive, mut ended) = tokio::sync::mpsc::channel::<()>(1);
        let work = beside(async move {
            future::pending::<()>().await;
            drop(alive);
        });
        tokio::select! {
            biased;
            () = work => {}
            () = tokio::task::yield_now() => {}
        }
        assert_eq!(ended.recv().await, None, "its end of the channel is gone");
    }
}
