//! What every Join needs and that can be known before: which call service to use, and an OpenID
//! token. Both are kept fresh, so that touching Join does not wait for them.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use url::Url;

use crate::{
    account::STICKY_FEATURE,
    homeserver::{Homeserver, OpenIdToken, RequestError},
    livekit::token::{self, Abilities},
    rtc::{Device, transports},
};

/// Servers say an hour; the clock of the call service may differ.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// A server's call service changes rarely.
const FOCUS_FOR: Duration = Duration::from_secs(30 * 60);
/// Nothing is believed for longer, whatever a server says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How often to look whether something gets old.
pub(crate) const REFRESH_EVERY: Duration = Duration::from_secs(60);

/// A value until a time.
#[derive(Debug)]
struct Kept<T>(Mutex<Option<(T, Instant)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Kept<T> {
    /// The value, made by `make` when there is none or it ends within `ahead`.
    async fn get<E>(
        &self,
        ahead: Duration,
        make: impl AsyncFnOnce() -> Result<(T, Duration), E>,
    ) -> Result<T, E> {
        let mut kept = self.0.lock().await;
        if let Some((value, until)) = &*kept
            && *until > Instant::now() + ahead
        {
            return Ok(value.clone());
        }
        let (value, valid) = make().await?;
        let valid = valid.min(LONGEST);
        *kept = Some((value.clone(), Instant::now() + valid));
        Ok(value)
    }
}

/// What is known ahead.
#[derive(Default)]
pub(crate) struct Prefetch {
    openid: Kept<OpenIdToken>,
    focus: Kept<Option<String>>,
    abilities: Kept<(String, Abilities)>,
}

impl Prefetch {
    /// An OpenID token that is still good for minutes.
    pub(crate) async fn openid(
        &self,
        homeserver: &Homeserver,
        own: &Device,
    ) -> Result<OpenIdToken, RequestError> {
        self.openid_ahead(homeserver, own, Duration::ZERO).await
    }

    async fn openid_ahead(
        &self,
        homeserver: &Homeserver,
        own: &Device,
        ahead: Duration,
    ) -> Result<OpenIdToken, RequestError> {
        let make = async || {
            let token = homeserver.openid_token(&own.user).await?;
            let valid = Duration::from_secs(token.expires_in).saturating_sub(MARGIN);
            Ok((token, valid))
        };
        self.openid.get(ahead, make).await
    }

    /// The call service refused the token: get another one next time.
    pub(crate) async fn forget_openid(&self) {
        *self.openid.0.lock().await = None;
    }

    /// The call service to send to; `None` when nobody names one.
    pub(crate) async fn focus(
        &self,
        homeserver: &Homeserver,
        own: &Device,
        configured: Option<&Url>,
    ) -> Result<Option<String>, RequestError> {
        let discovered = self
            .focus
            .get(Duration::ZERO, async || discover(homeserver, own).await)
            .await;
        let configured = configured.map(|url| url.as_str().trim_end_matches('/').to_owned());
        match discovered {
            Ok(focus) => Ok(focus.or(configured)),
            Err(error) => configured.map(Some).ok_or(error),
        }
    }

    /// What the call service at `focus` can do; names that are hashes only if the home server has
    /// sticky events, which they belong to.
    pub(crate) async fn abilities(&self, homeserver: &Homeserver, focus: &str) -> Abilities {
        self.abilities_ahead(homeserver, focus, Duration::ZERO)
            .await
    }

    async fn abilities_ahead(
        &self,
        homeserver: &Homeserver,
        focus: &str,
        ahead: Duration,
    ) -> Abilities {
        let mut kept = self.abilities.0.lock().await;
        if kept.as_ref().is_some_and(|((of, _), _)| of != focus) {
            *kept = None;
        }
        drop(kept);
        let make = async || {
            let (sticky, mut abilities) = tokio::join!(
                homeserver.has_feature(STICKY_FEATURE),
                token::abilities(homeserver.http(), focus)
            );
            abilities.hashed_names &= sticky?;
            Ok::<_, RequestError>(((focus.to_owned(), abilities), FOCUS_FOR))
        };
        let known = self.abilities.get(ahead, make).await;
        known.map(|(_, abilities)| abilities).unwrap_or_default()
    }

    /// Gets what is missing or gets old; failures are met again when somebody joins.
    pub(crate) async fn refresh(&self, homeserver: &Homeserver, own: &Device) {
        let ahead = 3 * REFRESH_EVERY;
        let focus = self
            .focus
            .get(ahead, async || discover(homeserver, own).await)
            .await;
        if let Ok(Some(focus)) = focus {
            self.abilities_ahead(homeserver, &focus, ahead).await;
        }
        let _ = self.openid_ahead(homeserver, own, ahead).await;
    }
}

async fn discover(
    homeserver: &Homeserver,
    own: &Device,
) -> Result<(Option<String>, Duration), RequestError> {
    let endpoint = match homeserver.rtc_transports().await {
        Ok(answer) => transports::from_endpoint(&answer),
        // Older servers don't have the endpoint.
        Err(RequestError::Refused { .. }) => None,
        Err(error) => return Err(error),
    };
    if endpoint.is_some() {
        return Ok((endpoint, FOCUS_FOR));
    }
    let server_name = own.user.split_once(':').map_or("", |(_, name)| name);
    let file = homeserver.well_known(server_name).await;
    Ok((
        file.as_ref().and_then(transports::from_well_known),
        FOCUS_FOR,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_whose_word_never_ends_is_asked_again() {
        let kept = Kept::default();
        let make = async || Ok::<_, ()>((7, Duration::MAX));
        assert_eq!(kept.get(Duration::ZERO, make).await, Ok(7));
        let again = async || Ok::<_, ()>((8, Duration::MAX));
        assert_eq!(kept.get(Duration::ZERO, again).await, Ok(7));
        let (_, until) = (*kept.0.lock().await).expect("it is kept");
        assert!(until <= Instant::now() + LONGEST);
    }
}
