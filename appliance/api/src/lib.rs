//! The room's API for control systems and macros: HTTP and JSON below `/v1`, tokens with scopes, events as a stream.
//!
//! It asks for what `saalctl` asks for ([`saal_control::Request`]), in types of its own ([`v1`]), so that what changes
//! inside does not change what others have built on it. Its description (OpenAPI 3.1) is made of the handlers
//! themselves; docs/openapi.json is a copy that a test compares. See docs/adr/0040.

mod access;
mod answers;
mod day;
mod events;
mod handlers;
mod problem;
pub mod v1;

use std::{future::Future, pin::Pin, sync::Arc, time::Instant};

use axum::{
    Json, Router, middleware,
    routing::{any, get},
};
use saal_control::{Reply, Request};
use tokio::sync::{Semaphore, watch};
use utoipa::openapi::{
    OpenApi, OpenApiBuilder, SecurityRequirement,
    info::InfoBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use access::{Access, From, Scope, Token};
pub use problem::Problem;

use crate::access::Limits;

/// In the daemon's state folder: the socket where the folder's owner has the API without a token.
pub const SOCKET_NAME: &str = "api.sock";

/// Listeners to events at a time.
const MOST_LISTENERS: usize = 16;

/// Asks the room; `None` while it goes down.
pub type Ask =
    Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Option<Reply>> + Send>> + Send + Sync>;

/// What the API is made of.
#[derive(Clone)]
pub struct Api {
    /// How to ask the room.
    pub ask: Ask,
    /// Says that the room is other than before.
    pub changed: watch::Receiver<()>,
    /// Who may do what.
    pub access: Access,
}

/// What handlers share.
#[derive(Clone)]
struct Shared {
    api: Api,
    limits: Arc<Limits>,
    listeners: Arc<Semaphore>,
}

/// Everything below `/v1`, for a server that counts its connections and limits bodies and idle time.
pub fn router(api: Api) -> Router {
    let limits = Arc::new(Limits::new(Instant::now()));
    let shared = Shared {
        api,
        limits,
        listeners: Arc::new(Semaphore::new(MOST_LISTENERS)),
    };
    let (router, description) = scoped(&shared).split_for_parts();
    let description = Arc::new(described(description));
    let open = get(async move || Json((*description).clone()));
    router
        .route("/v1/openapi.json", open)
        .route("/v1/{*rest}", any(problem::no_such_endpoint))
        .method_not_allowed_fallback(problem::no_such_method)
        .with_state(shared)
}

/// The API's description (OpenAPI 3.1), as `/v1/openapi.json` gives it.
///
/// # Panics
/// Never: it is plain data.
#[must_use]
pub fn description() -> String {
    let (_, changed) = watch::channel(());
    let api = Api {
        ask: Arc::new(|_| Box::pin(std::future::ready(None))),
        changed,
        access: Access::Tokens(Arc::new([])),
    };
    let shared = Shared {
        api,
        limits: Arc::new(Limits::new(Instant::now())),
        listeners: Arc::new(Semaphore::new(0)),
    };
    let (_, description) = scoped(&shared).split_for_parts();
    let text = described(description).to_pretty_json();
    text.expect("a description is plain data") + "\n"
}

/// Each endpoint behind its scope.
fn scoped(shared: &Shared) -> OpenApiRouter<Shared> {
    let behind = |routes: OpenApiRouter<Shared>, scope: Scope| {
        let state = (shared.clone(), scope);
        routes.route_layer(middleware::from_fn_with_state(state, access::require))
    };
    let read = OpenApiRouter::new()
        .routes(routes!(handlers::status))
        .routes(routes!(handlers::meetings))
        .routes(routes!(handlers::cameras))
        .routes(routes!(handlers::sound_devices))
        .routes(routes!(events::events));
    let control = OpenApiRouter::new()
        .routes(routes!(handlers::join))
        .routes(routes!(handlers::password))
        .routes(routes!(handlers::leave))
        .routes(routes!(handlers::answer))
        .routes(routes!(handlers::decline))
        .routes(routes!(handlers::microphone))
        .routes(routes!(handlers::camera))
        .routes(routes!(handlers::use_camera))
        .routes(routes!(handlers::use_sound_device))
        .routes(routes!(handlers::volume))
        .routes(routes!(handlers::television))
        .routes(routes!(handlers::presentation))
        .routes(routes!(handlers::hand))
        .routes(routes!(handlers::reaction))
        .routes(routes!(handlers::dial))
        .routes(routes!(day::book))
        .routes(routes!(day::check_in))
        .routes(routes!(day::release))
        .routes(routes!(day::extend))
        .routes(routes!(day::end));
    let panel = OpenApiRouter::new()
        .routes(routes!(handlers::panel))
        .routes(routes!(handlers::panel_picture))
        .routes(routes!(handlers::press));
    OpenApiRouter::new()
        .merge(behind(read, Scope::Read))
        .merge(behind(control, Scope::Control))
        .merge(behind(panel, Scope::Panel))
}

fn described(found: OpenApi) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Saal")
        .version("1")
        .description(Some(
            "A meeting room's API for control systems and macros. Each token has scopes; an endpoint names the one that it \
             needs under its security.",
        ))
        .build();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of the room's configuration."))
        .build();
    let mut components = found.components.unwrap_or_default();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    OpenApiBuilder::new()
        .info(info)
        .paths(found.paths)
        .components(Some(components))
        .security(None::<Vec<SecurityRequirement>>)
        .build()
}
