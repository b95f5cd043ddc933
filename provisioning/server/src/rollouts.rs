//! Lets rollouts go on, for as long as the server runs.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    error::FleetError,
    fleet::{presence, rollouts::step},
    server::App,
};

/// Between two looks: devices say much at once.
const SHORT: Duration = Duration::from_secs(1);
/// Where nothing is written, the clock alone may let a rollout go on.
const LONG: Duration = Duration::from_secs(5);

pub(crate) async fn run(app: Arc<App>) {
    let mut news = app.store.news();
    loop {
        match look(&app).await {
            // There may be more to do.
            Ok(true) => continue,
            Ok(false) => {
                tokio::select! {
                    changed = news.changed() => if changed.is_err() {
                        return;
                    },
                    () = tokio::time::sleep(LONG) => {}
                }
            }
            Err(error) => {
                tracing::error!(%error, "rollouts stand still");
                tokio::time::sleep(LONG).await;
            }
        }
        tokio::time::sleep(SHORT).await;
        news.mark_unchanged();
    }
}

/// One step; whether it did something.
async fn look(app: &Arc<App>) -> Result<bool, FleetError> {
    if !app.store.read(step::any).await? {
        return Ok(false);
    }
    let keys = app.keys.clone();
    let work = move |tx: &crate::store::Tx<'_>| {
        let online = presence::all(tx)?;
        let is_online = |device: &_| online.contains(device);
        step::step(tx, &keys, &is_online, Timestamp::now())
    };
    let done = app.store.run_quietly(work).await?;
    if done.changed {
        app.store.announce();
    }
    app.hub.wake_all(&done.wake);
    Ok(done.changed)
}
