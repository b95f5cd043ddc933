//! The web view: the panel live, a picture of the television, the room's status.
//!
//! It listens on loopback unless a token is configured (see [`access`]). A touch there is a touch.

mod access;
mod live;
mod pictures;

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result, anyhow};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    middleware,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use saal_control::Request;
use saal_core::Event;
use saal_fleet_protocol::config;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{
    config_file::ConfigFile,
    hardening::harden,
    input::{Input, Inputs},
    panel::Picture,
    web::{access::Access, pictures::Viewers},
};

const PAGE: &str = include_str!("page.html");

/// What handlers share.
#[derive(Clone)]
struct Shared {
    inputs: Inputs,
    panel: watch::Receiver<Arc<Picture>>,
    television: watch::Receiver<Option<Arc<Vec<u8>>>>,
    viewers: Viewers,
    access: Arc<Access>,
}

/// A running web view.
pub(crate) struct Web {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Web {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address is taken or the token can't be read; the message says what to do.
    pub(crate) async fn start(
        web: &config::Web,
        file: &ConfigFile,
        inputs: Inputs,
        panel: watch::Receiver<Arc<Picture>>,
        television: watch::Receiver<Option<Arc<Vec<u8>>>>,
    ) -> Result<Self> {
        let token = web
            .token_file
            .as_ref()
            .map(|path| file.read_secret(path))
            .transpose();
        let token = token.map_err(|e| anyhow!(e))?;
        let wanted = web.listen.address();
        let listener = tokio::net::TcpListener::bind(wanted)
            .await
            .with_context(|| {
                format!("can't listen on {wanted}; set web.listen to a free address and port")
            })?;
        let address = listener.local_addr().context("a listener has an address")?;
        let access = Arc::new(Access::new(address, token));
        let viewers = Viewers::new(inputs.clone());
        let app = router(Shared {
            inputs,
            panel,
            television,
            viewers,
            access,
        })
        .into_make_service_with_connect_info::<SocketAddr>();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, app).into_future() => {
                    if let Err(error) = served {
                        tracing::error!(%error, "the web view ended");
                    }
                }
                _ = stopped => {}
            }
        });
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets go of the port.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // A task that panicked has let go as well.
        let _ = self.task.await;
    }
}

fn router(shared: Shared) -> Router {
    let inside = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/panel.png", get(pictures::panel))
        .route("/television.jpg", get(pictures::television))
        .route("/television.mjpeg", get(pictures::television_stream))
        .route("/api/panel.json", get(panel_tree))
        .route("/api/status", get(status))
        .route("/api/live", get(live::live))
        .layer(middleware::from_fn_with_state(
            shared.clone(),
            access::require_token,
        ));
    Router::new()
        .merge(inside)
        .route("/sign-in", post(access::sign_in))
        .layer(middleware::from_fn_with_state(
            shared.clone(),
            access::require_same_site,
        ))
        .layer(middleware::map_response(async |response| {
            harden(response, POLICY)
        }))
        .with_state(shared)
}

/// What the page may load: its pictures and what stands in it.
const POLICY: &str = "default-src 'none'; img-src 'self' blob:; style-src 'unsafe-inline'; \
                      script-src 'unsafe-inline'; connect-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'";

async fn panel_tree(State(shared): State<Shared>) -> Response {
    shared.inputs.send(Input::Room(Event::RemoteLook));
    let picture = shared.panel.borrow().clone();
    Json(picture.tree()).into_response()
}

async fn status(State(shared): State<Shared>) -> Response {
    match shared.inputs.ask(Request::Status {}).await {
        Some(saal_control::Reply::Status(status)) => Json(status).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the room is going down").into_response(),
    }
}
