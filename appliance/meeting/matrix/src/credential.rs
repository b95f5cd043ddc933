//! The access token that requests carry. It may be renewed while they are under way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};

use crate::settings::Secret;

/// A new token comes within this or the request fails.
const RENEWED_WITHIN: Duration = Duration::from_secs(5);

/// The account's access token, shared by all that ask the homeserver.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    current: watch::Sender<Option<Secret>>,
    /// Somebody renews it when it is refused.
    renews: Arc<AtomicBool>,
    refused: Arc<Notify>,
}

impl Credential {
    /// `None` until somebody has logged in.
    pub(crate) fn new(token: Option<Secret>) -> Self {
        Self {
            current: watch::Sender::new(token),
            renews: Arc::default(),
            refused: Arc::default(),
        }
    }

    pub(crate) fn set(&self, token: Secret, renews: bool) {
        self.renews.store(renews, Ordering::Relaxed);
        self.current.send_replace(Some(token));
    }

    pub(crate) fn get(&self) -> Option<Secret> {
        self.current.borrow().clone()
    }

    /// Completes when a request was refused and waits for another token.
    pub(crate) async fn refused(&self) {
        self.refused.notified().await;
    }

    /// What takes the place of a token that the server refused, when it comes in time.
    pub(crate) async fn renewed(&self, refused: &Secret) -> Option<Secret> {
        if !self.renews.load(Ordering::Relaxed) {
            return None;
        }
        let mut current = self.current.subscribe();
        if current.borrow().as_ref() == Some(refused) {
            self.refused.notify_one();
        }
        let other = current.wait_for(|now| now.as_ref() != Some(refused));
        let now = tokio::time::timeout(RENEWED_WITHIN, other).await.ok()?;
        now.ok()?.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        text.to_owned().into()
    }

    #[tokio::test]
    async fn a_refused_token_waits_for_the_renewed_one() {
        let credential = Credential::new(None);
        credential.set(secret("old"), true);
        let old = secret("old");
        let (renewed, ()) = tokio::join!(credential.renewed(&old), async {
            credential.refused().await;
            credential.set(secret("new"), true);
        });
        assert_eq!(renewed, Some(secret("new")));
        // One that was refused just before the renewal asks for no second one.
        assert_eq!(credential.renewed(&old).await, Some(secret("new")));
    }

    #[tokio::test]
    async fn a_token_that_nobody_renews_is_not_waited_for() {
        let credential = Credential::new(Some(secret("given")));
        assert_eq!(credential.renewed(&secret("given")).await, None);
    }
}
