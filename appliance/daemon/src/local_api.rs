//! The API on a Unix socket, for programs of the room's own computer: whoever may open it needs no token.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use axum::extract::DefaultBodyLimit;
use saal_api::{Access, Api, Ask, SOCKET_NAME};
use tokio::sync::watch;

use crate::{browsers::MOST_BODY, control::own_socket, input::Inputs};

/// Listens in the state folder, whether or not browsers may come.
///
/// # Errors
/// When the socket can't be made, naming its path.
pub(crate) fn listen(state: &Path, inputs: &Inputs, changed: watch::Receiver<()>) -> Result<()> {
    let listener = own_socket(&state.join(SOCKET_NAME))?;
    let router = saal_api::router(Api {
        ask: ask(inputs),
        changed,
        access: Access::Owner,
    });
    let router = router.layer(DefaultBodyLimit::max(MOST_BODY));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "nobody listens at the API's socket any more");
        }
    });
    Ok(())
}

/// Asks the daemon's loop.
pub(crate) fn ask(inputs: &Inputs) -> Ask {
    let inputs = inputs.clone();
    Arc::new(move |request| {
        let inputs = inputs.clone();
        Box::pin(async move { inputs.ask(request).await })
    })
}
