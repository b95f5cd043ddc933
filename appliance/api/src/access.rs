//! Who may do what, and how often.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;

use crate::{Shared, problem::Problem};

/// What a token lets its bearer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// See how the room is.
    Read,
    /// Do what the panel's buttons do.
    Control,
    /// See the panel itself, and press anything that stands there.
    Panel,
}

impl Scope {
    /// As in the configuration and in the description.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Control => "control",
            Self::Panel => "panel",
        }
    }
}

/// A token of the configuration.
#[derive(Clone)]
pub struct Token {
    /// What the log calls its bearer.
    pub name: String,
    /// What its bearer shows.
    pub secret: String,
    /// What they may do.
    pub scopes: Vec<Scope>,
}

/// Who may use the API.
#[derive(Clone)]
pub enum Access {
    /// Whoever shows one of these.
    Tokens(Arc<[Token]>),
    /// Whoever reaches it, for everything: a socket that only its owner may open.
    Owner,
}

/// Requests that a token may make at once, and then a second.
const BURST: f64 = 40.0;
const A_SECOND: f64 = 20.0;
/// Wrong tokens that an address may show at once, and then a second.
const WRONG_BURST: f64 = 5.0;
const WRONG_A_SECOND: f64 = 0.1;
/// Addresses that showed wrong tokens and are remembered.
const MOST_ADDRESSES: usize = 1000;

/// From where a request comes, where the server says so.
#[derive(Clone, Copy, Debug)]
pub struct From(pub IpAddr);

/// A bucket that fills with time and empties with use.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Duration,
}

impl Bucket {
    /// Takes one; else says how long to wait.
    fn take(&mut self, now: Duration, most: f64, a_second: f64) -> Result<(), Duration> {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        (self.left, self.at) = ((self.left + passed * a_second).min(most), now);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.left) / a_second))
    }
}

/// How often everybody was here.
pub(crate) struct Limits {
    start: Instant,
    of: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    tokens: HashMap<usize, Bucket>,
    wrong: HashMap<IpAddr, Bucket>,
}

impl Limits {
    pub(crate) fn new(start: Instant) -> Self {
        let of = Mutex::default();
        Self { start, of }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self, token: usize) -> Result<(), Duration> {
        let now = self.start.elapsed();
        let mut counted = self.lock();
        let full = Bucket {
            left: BURST,
            at: now,
        };
        let bucket = counted.tokens.entry(token).or_insert(full);
        bucket.take(now, BURST, A_SECOND)
    }

    fn wrong(&self, from: IpAddr) -> Result<(), Duration> {
        let now = self.start.elapsed();
        let mut counted = self.lock();
        if counted.wrong.len() >= MOST_ADDRESSES {
            // Who waits for a minute has all tries again anyway.
            counted
                .wrong
                .retain(|_, bucket| bucket.at + Duration::from_secs(60) > now);
        }
        let full = Bucket {
            left: WRONG_BURST,
            at: now,
        };
        let bucket = counted.wrong.entry(from).or_insert(full);
        bucket.take(now, WRONG_BURST, WRONG_A_SECOND)
    }
}

/// Lets through whose token has this scope, as often as is fair.
pub(crate) async fn require(
    State((shared, scope)): State<(Shared, Scope)>,
    request: Request,
    next: Next,
) -> Response {
    match admitted(&shared, scope, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn admitted(shared: &Shared, scope: Scope, request: &Request) -> Result<(), Problem> {
    let tokens = match &shared.api.access {
        Access::Tokens(tokens) => tokens,
        Access::Owner => {
            let counted = shared.limits.request(0);
            return counted.map_err(|wait| too_often(wait, "too many requests at this socket"));
        }
    };
    let shown = bearer(request.headers()).ok_or_else(|| {
        let message = "show a token of the room's configuration: Authorization: Bearer TOKEN";
        Problem::new(StatusCode::UNAUTHORIZED, "no_token", message)
    })?;
    let known = tokens.iter().enumerate().find(|(_, token)| {
        let same: bool = token.secret.as_bytes().ct_eq(shown.as_bytes()).into();
        same
    });
    let Some((index, token)) = known else {
        return Err(wrong(shared, request));
    };
    shared
        .limits
        .request(index)
        .map_err(|wait| too_often(wait, "too many requests with this token"))?;
    if token.scopes.contains(&scope) {
        return Ok(());
    }
    let message = format!(
        "this needs a token with the scope \"{}\"; \"{}\" has it not",
        scope.as_str(),
        token.name
    );
    Err(Problem::new(StatusCode::FORBIDDEN, "no_scope", message))
}

fn wrong(shared: &Shared, request: &Request) -> Problem {
    let from = request.extensions().get::<From>().map(|from| from.0);
    tracing::warn!(?from, "a wrong token at the API");
    let counted = from.map_or(Ok(()), |from| shared.limits.wrong(from));
    if let Err(wait) = counted {
        return too_often(wait, "too many wrong tokens from this address");
    }
    let message = "the room knows no such token";
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_token", message)
}

fn too_often(wait: Duration, what: &str) -> Problem {
    let seconds = wait.as_secs() + 1;
    Problem::too_many(&format!("{what}; wait {seconds} s"), seconds)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    shown.strip_prefix("Bearer ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_so_many_a_second() {
        let at = Duration::from_secs;
        let mut bucket = Bucket {
            left: 3.0,
            at: at(0),
        };
        let mut take = |now| bucket.take(now, 3.0, 0.5);
        assert_eq!([take(at(0)), take(at(0)), take(at(0))], [Ok(()); 3]);
        assert_eq!(take(at(0)), Err(at(2)), "one in two seconds");
        assert_eq!(take(at(2)), Ok(()));
        assert_eq!(take(at(2)), Err(at(2)));
        assert_eq!([take(at(100)), take(at(100)), take(at(100))], [Ok(()); 3]);
        assert!(take(at(100)).is_err(), "no more than a burst");
    }
}
