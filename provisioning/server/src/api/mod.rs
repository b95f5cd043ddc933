//! The API for people's and other programs: each endpoint behind its role, described by itself.

mod administer;
mod alerts;
mod audit;
mod authority;
mod extract;
mod handlers;
mod help;
mod keys;
mod logs;
mod metrics;
mod people;
#[cfg(test)]
pub(crate) mod tests;
mod updates;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    api::{Problem, Role},
    wire::{BUNDLES, PATH, PIECES},
};
use utoipa::openapi::{
    OpenApi, OpenApiBuilder, SecurityRequirement,
    info::InfoBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    bundles, device,
    error::{FleetError, HelpProblem},
    fleet::access,
    server::App,
};

pub(crate) use alerts::{add_rule_for, remove_rule_for};
pub(crate) use handlers::{change_for, claim_for, move_for, one, revoke_for};
pub(crate) use help::{
    Looking, ask_for as ask_for_help, end_for as end_help_for, look_for, touch_for,
};
pub(crate) use keys::keys_of;
pub(crate) use logs::ask_for as ask_for_log;
pub(crate) use people::{change_person_for, invite_for, remove_person_for};
pub(crate) use updates::{one_rollout, order_for, releases_of, start_for};

type Shared = Arc<App>;
type Routes = OpenApiRouter<Shared>;

/// Everything the server answers.
pub(crate) fn router(app: Shared) -> Router {
    let mut routes = OpenApiRouter::new();
    for role in ROLES {
        let needs = middleware::from_fn_with_state((app.clone(), role), authorise);
        routes = routes.merge(of(role).route_layer(needs));
    }
    let (api, found) = routes.split_for_parts();
    let description = Arc::new(described(found));
    let open = get(async move || Json((*description).clone()));
    api.route("/api/v1/openapi.json", open)
        .route(PATH, get(device::open))
        .route(&format!("{BUNDLES}/{{sha256}}"), get(bundles::give))
        .route(
            &format!("{BUNDLES}/{{sha256}}/{PIECES}"),
            get(bundles::give_pieces),
        )
        .with_state(app)
}

const ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::Administrator];

/// What somebody with a role may ask for. Where, each handler sees to.
fn of(role: Role) -> Routes {
    match role {
        Role::Viewer => OpenApiRouter::new()
            .routes(routes!(handlers::devices))
            .routes(routes!(handlers::device))
            .routes(routes!(handlers::settings))
            .routes(routes!(handlers::explain))
            .routes(routes!(audit::audit))
            .routes(routes!(authority::show))
            .routes(routes!(alerts::alerts))
            .routes(routes!(updates::all_releases))
            .routes(routes!(updates::all_rollouts))
            .routes(routes!(updates::rollout))
            .routes(routes!(updates::rollout_devices))
            .routes(routes!(keys::keys))
            .routes(routes!(keys::all_roots))
            .routes(routes!(keys::next_list))
            .routes(routes!(metrics::metrics)),
        Role::Operator => OpenApiRouter::new()
            .routes(routes!(handlers::move_device))
            .routes(routes!(logs::ask, logs::show))
            .routes(routes!(help::ask, help::show, help::end))
            .routes(routes!(help::panel))
            .routes(routes!(help::touch))
            .routes(routes!(handlers::waiting))
            .routes(routes!(handlers::claim))
            .routes(routes!(handlers::change))
            .routes(routes!(keys::orders_to_sign, keys::sign_orders))
            .routes(routes!(updates::pause))
            .routes(routes!(updates::stop)),
        Role::Administrator => OpenApiRouter::new()
            .routes(routes!(handlers::revoke))
            .routes(routes!(administer::secret))
            .routes(routes!(administer::tokens, administer::new_token))
            .routes(routes!(administer::remove_token))
            .routes(routes!(administer::serials))
            .routes(routes!(administer::all_access, administer::new_access))
            .routes(routes!(administer::remove_access))
            .routes(routes!(administer::webhooks, administer::new_webhook))
            .routes(routes!(administer::remove_webhook))
            .routes(routes!(alerts::rules, alerts::new_rule))
            .routes(routes!(alerts::remove_rule))
            .routes(routes!(alerts::try_rule))
            .routes(routes!(people::all_people, people::invite))
            .routes(routes!(people::change_person, people::remove_person))
            .routes(routes!(audit::audit_check))
            .routes(routes!(authority::request))
            .routes(routes!(authority::install))
            .routes(routes!(keys::publish_root))
            .routes(routes!(keys::publish_list))
            .routes(routes!(updates::add_release))
            .routes(routes!(updates::remove_release))
            .routes(routes!(updates::start_rollout))
            .routes(routes!(updates::resume))
            .routes(routes!(updates::approve)),
    }
}

/// The API's description (OpenAPI 3.1), as `/api/v1/openapi.json` gives it.
///
/// # Panics
/// Never: it is plain data.
#[must_use]
pub fn description() -> String {
    let mut routes = OpenApiRouter::new();
    for role in ROLES {
        routes = routes.merge(of(role));
    }
    let text = described(routes.split_for_parts().1).to_pretty_json();
    text.expect("a description is plain data") + "\n"
}

fn described(found: OpenApi) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Saal's fleet")
        .version("1")
        .description(Some(
            "Looks after rooms. A token has a role (viewer, operator, administrator) at a place and in all below it; an endpoint \
             names the role that it needs under its security.",
        ))
        .build();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("From access.toml, or of POST /api/v1/access."))
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

async fn authorise(
    State((app, needed)): State<(Shared, Role)>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = bearer(&request).map(str::to_owned);
    let caller = match token {
        Some(token) => {
            let now = Timestamp::now();
            app.store
                .read(move |tx| access::caller(tx, &token, now))
                .await
        }
        None => Err(FleetError::Unauthorised),
    };
    match caller {
        Ok(caller) if caller.is(needed) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(_) => Refused(FleetError::Forbidden {
            needed,
            scope: None,
        })
        .into_response(),
        Err(error) => Refused(error).into_response(),
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    header.to_str().ok()?.strip_prefix("Bearer ")
}

/// An error as the API answers it.
pub(crate) struct Refused(pub(crate) FleetError);

impl From<FleetError> for Refused {
    fn from(error: FleetError) -> Self {
        Self(error)
    }
}

/// Which status an error has.
pub(crate) fn status(error: &FleetError) -> StatusCode {
    use FleetError as E;
    match error {
        E::NoSuchCode | E::NotFound { .. } => StatusCode::NOT_FOUND,
        E::Taken { .. }
        | E::Exists { .. }
        | E::Locked { .. }
        | E::Breaks { .. }
        | E::LastAdministrator
        | E::InUse { .. }
        | E::Overlaps(_)
        | E::Unsigned { .. }
        | E::Trust(_)
        | E::Rollout { .. }
        | E::Help(HelpProblem::Away | HelpProblem::Helped(_) | HelpProblem::NotAllowed) => {
            StatusCode::CONFLICT
        }
        E::Help(HelpProblem::TooFast) => StatusCode::TOO_MANY_REQUESTS,
        E::NotARoom(_) | E::Setting(_) | E::Malformed(_) | E::Bundle(_) | E::Chain(_) => {
            StatusCode::BAD_REQUEST
        }
        E::Forbidden { .. } | E::NoRole => StatusCode::FORBIDDEN,
        E::Unauthorised | E::Provider(_) => StatusCode::UNAUTHORIZED,
        E::NotDelivered(_) => StatusCode::BAD_GATEWAY,
        E::Bundles(_) | E::Crypto(_) | E::Database(_) | E::Corrupt { .. } | E::Stopping => {
            tracing::error!(%error, "a request failed");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = Problem {
            code: self.0.code().to_owned(),
            message: self.0.to_string(),
        };
        (status(&self.0), Json(problem)).into_response()
    }
}
