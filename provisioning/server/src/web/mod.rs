//! The dashboard: pages that the server draws, which need no script and are live with one.

mod alert_forms;
mod alert_words;
mod alerts;
mod audit;
mod configuration;
mod configure;
mod devices;
mod forms;
mod help;
mod help_live;
mod keys;
mod layout;
mod live;
mod overview;
mod people;
mod problems;
mod provider;
mod room;
mod room_log;
mod session;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod tests_alerts;
#[cfg(test)]
mod tests_keys;
mod updates;
mod welcome;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, OriginalUri, Request, State},
    http::{Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, get, post},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::Role;

pub(crate) use alert_words::told as alert_told;
pub(crate) use words::{Language, Words};

use crate::{
    error::FleetError,
    fleet::{access::Caller, sessions::Session},
    oidc,
    server::App,
};

type Shared = Arc<App>;

/// A page with the role that each method needs.
struct Page {
    path: &'static str,
    methods: &'static [(Method, Role)],
    router: fn() -> MethodRouter<Shared>,
}

const VIEW: &[(Method, Role)] = &[(Method::GET, Role::Viewer)];
const OPERATE: &[(Method, Role)] = &[(Method::POST, Role::Operator)];
const ADMINISTER: &[(Method, Role)] = &[(Method::POST, Role::Administrator)];

/// Every page behind the sign-in. What is not here is not there.
const PAGES: &[Page] = &[
    Page {
        path: "/",
        methods: VIEW,
        router: || get(overview::show),
    },
    Page {
        path: "/rooms",
        methods: VIEW,
        router: || get(devices::list),
    },
    Page {
        path: "/rooms.csv",
        methods: VIEW,
        router: || get(devices::csv),
    },
    Page {
        path: "/rooms/{device}",
        methods: VIEW,
        router: || get(room::show),
    },
    Page {
        path: "/rooms/{device}/help",
        methods: &[
            (Method::GET, Role::Operator),
            (Method::POST, Role::Operator),
        ],
        router: || get(help::show).post(help::ask),
    },
    Page {
        path: "/rooms/{device}/help/end",
        methods: OPERATE,
        router: || post(help::end),
    },
    Page {
        path: "/rooms/{device}/help/live",
        methods: &[(Method::GET, Role::Operator)],
        router: || get(help_live::follow),
    },
    Page {
        path: "/rooms/{device}/help/picture",
        methods: &[(Method::GET, Role::Operator)],
        router: || get(help::picture),
    },
    Page {
        path: "/rooms/{device}/help/touch",
        methods: OPERATE,
        router: || post(help::touch),
    },
    Page {
        path: "/rooms/{device}/log",
        methods: OPERATE,
        router: || post(room_log::ask),
    },
    Page {
        path: "/rooms/{device}/move",
        methods: OPERATE,
        router: || post(room::move_device),
    },
    Page {
        path: "/rooms/{device}/revoke",
        methods: ADMINISTER,
        router: || post(room::revoke),
    },
    Page {
        path: "/configuration",
        methods: VIEW,
        router: || get(configuration::show),
    },
    Page {
        path: "/configuration/change",
        methods: OPERATE,
        router: || post(configure::change),
    },
    Page {
        path: "/claim",
        methods: &[
            (Method::GET, Role::Operator),
            (Method::POST, Role::Operator),
        ],
        router: || get(devices::claim_form).post(devices::claim),
    },
    Page {
        path: "/alerts",
        methods: &[
            (Method::GET, Role::Viewer),
            (Method::POST, Role::Administrator),
        ],
        router: || get(alerts::list).post(alerts::add),
    },
    Page {
        path: "/alerts/{name}/try",
        methods: ADMINISTER,
        router: || post(alerts::try_it),
    },
    Page {
        path: "/alerts/{name}/remove",
        methods: &[
            (Method::GET, Role::Administrator),
            (Method::POST, Role::Administrator),
        ],
        router: || get(alerts::ask_to_remove).post(alerts::remove),
    },
    Page {
        path: "/audit",
        methods: VIEW,
        router: || get(audit::show),
    },
    Page {
        path: "/keys",
        methods: VIEW,
        router: || get(keys::show),
    },
    Page {
        path: "/people",
        methods: &[
            (Method::GET, Role::Administrator),
            (Method::POST, Role::Administrator),
        ],
        router: || get(people::list).post(people::invite),
    },
    Page {
        path: "/people/{name}",
        methods: ADMINISTER,
        router: || post(people::change),
    },
    Page {
        path: "/people/{name}/remove",
        methods: &[
            (Method::GET, Role::Administrator),
            (Method::POST, Role::Administrator),
        ],
        router: || get(people::ask_to_remove).post(people::remove),
    },
    Page {
        path: "/updates",
        methods: &[
            (Method::GET, Role::Viewer),
            (Method::POST, Role::Administrator),
        ],
        router: || get(updates::list).post(updates::begin),
    },
    Page {
        path: "/updates/{name}",
        methods: VIEW,
        router: || get(updates::show),
    },
    Page {
        path: "/updates/{name}/pause",
        methods: OPERATE,
        router: || post(updates::pause),
    },
    Page {
        path: "/updates/{name}/stop",
        methods: OPERATE,
        router: || post(updates::stop),
    },
    Page {
        path: "/updates/{name}/resume",
        methods: ADMINISTER,
        router: || post(updates::resume),
    },
    Page {
        path: "/updates/{name}/approve",
        methods: ADMINISTER,
        router: || post(updates::approve),
    },
    Page {
        path: "/live",
        methods: VIEW,
        router: || get(live::news),
    },
    Page {
        path: "/sign-out",
        methods: &[(Method::POST, Role::Viewer)],
        router: || post(session::sign_out),
    },
];

/// All pages.
pub(crate) fn router(app: Shared) -> Router {
    let mut pages = Router::new();
    for page in PAGES {
        let needs = middleware::from_fn_with_state((app.clone(), page.methods), authorise);
        pages = pages.route(page.path, (page.router)().route_layer(needs));
    }
    let open = Router::new()
        .route("/sign-in", get(session::form).post(session::sign_in))
        .route("/sign-in/provider", get(provider::there))
        .route(oidc::BACK, get(provider::back))
        .route("/welcome/{token}", get(welcome::form).post(welcome::set_up))
        .route("/language/{code}", get(layout::choose_language))
        .route("/assets/{file}", get(layout::asset));
    pages
        .merge(open)
        .layer(middleware::from_fn(layout::protect))
        .with_state(app)
}

async fn authorise(
    State((app, methods)): State<(Shared, &'static [(Method, Role)])>,
    mut request: Request,
    next: Next,
) -> Response {
    let words = Words::of(session::language(request.headers()));
    let mut method = request.method().clone();
    if method == Method::HEAD {
        method = Method::GET;
    }
    let Some((_, needed)) = methods.iter().find(|(known, _)| *known == method) else {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    };
    let needed = *needed;
    let found = session::find(&app, request.headers()).await;
    let session = match found {
        Ok(Some(session)) => session,
        Ok(None) if method == Method::GET => {
            let to = request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str());
            return Redirect::to(&session::sign_in_address(to)).into_response();
        }
        Ok(None) => return Failed::new(FleetError::Unauthorised, words, None).into_response(),
        Err(error) => return Failed::new(error, words, None).into_response(),
    };
    if !session.caller.is(needed) {
        let error = FleetError::Forbidden {
            needed,
            scope: None,
        };
        return Failed::new(error, words, Some(&session)).into_response();
    }
    if method == Method::POST && !session::from_here(request.headers()) {
        return Failed::new(foreign(), words, Some(&session)).into_response();
    }
    request.extensions_mut().insert(session);
    next.run(request).await
}

/// A form that another site made.
fn foreign() -> FleetError {
    FleetError::Malformed(
        "this form is not of this page, or too old; load the page again".to_owned(),
    )
}

/// Who looks, in which language, and where they are.
pub(crate) struct View {
    pub(crate) words: &'static Words,
    pub(crate) session: Session,
    /// The page's path and what stands behind it.
    pub(crate) here: String,
    pub(crate) now: Timestamp,
}

impl View {
    pub(crate) fn say(&self, message: &str) -> String {
        self.words.say(message)
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.session.caller
    }

    /// An error as a page.
    pub(crate) fn failed(&self, error: FleetError) -> Failed {
        Failed::new(error, self.words, Some(&self.session))
    }

    /// A form has to carry what only this server's pages know.
    pub(crate) fn check(&self, form: &str) -> Result<(), Failed> {
        use subtle::ConstantTimeEq as _;
        if bool::from(form.as_bytes().ct_eq(self.session.form.as_bytes())) {
            return Ok(());
        }
        Err(self.failed(foreign()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for View {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let words = Words::of(session::language(&parts.headers));
        let Some(session) = parts.extensions.get::<Session>().cloned() else {
            return Err(Failed::new(FleetError::Unauthorised, words, None).into_response());
        };
        let uri = parts
            .extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |uri| &uri.0);
        let here = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            words,
            session,
            here: here.to_owned(),
            now: Timestamp::now(),
        })
    }
}

/// Something was not done, as a page says it.
pub(crate) struct Failed {
    error: FleetError,
    words: &'static Words,
    session: Option<Box<Session>>,
}

impl Failed {
    pub(crate) fn new(error: FleetError, words: &'static Words, session: Option<&Session>) -> Self {
        let session = session.cloned().map(Box::new);
        Self {
            error,
            words,
            session,
        }
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = crate::api::status(&self.error);
        let page = layout::problem(
            self.words,
            self.session.as_deref(),
            &problems::told(self.words, &self.error),
        );
        let mut response = (status, page).into_response();
        // Somebody else's page must not come out of a cache.
        let never = header::HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, never);
        response
    }
}
