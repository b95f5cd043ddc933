//! What the account does beside syncing: its identity, the copy of its keys, what IT asks for.

use matrix_sdk::Client;
use saal_meeting::{AccountAction, IdentityState, MeetingEvent};

use super::{
    crosssigning, keys,
    open::Opened,
    runner::Runner,
    store,
    syncing::{News, Syncing, Trouble},
};

impl Runner {
    /// Has the account sign this device, or says what that needs. The keys that this makes are
    /// kept before anybody counts on them.
    pub(super) async fn be_known(&mut self, opened: &Opened) {
        let device = self.account.identity.borrow().clone();
        let folder = device.map(|device| store::folder(&self.account.dir, &device));
        if folder.is_some_and(|folder| store::lost_keys(&folder)) {
            // Signed or not: others refuse another key of a device that they know.
            return;
        }
        let ensured = crosssigning::ensure(&opened.client, &self.account.settings, &self.vault);
        let ensured = Box::pin(ensured).await;
        self.keep_keys(opened).await;
        self.desk.learn_verifiers(&opened.client);
        self.is_to_be_known = ensured.is_err();
        match ensured {
            Ok(state) => {
                self.verified = state == IdentityState::Verified;
                self.say_identity(state);
            }
            Err(error) => tracing::warn!(error, "the room can't sign its own device"),
        }
    }

    pub(super) fn say_identity(&self, state: IdentityState) {
        let _ = self.account.states.send(MeetingEvent::Identity(state));
    }

    /// Keeps a copy of the device's keys.
    pub(super) async fn keep_keys(&mut self, opened: &Opened) {
        let Some(store) = &opened.keys else { return };
        if let Err(error) = keys::copy(store, &self.vault, &mut self.kept_keys).await {
            tracing::error!(%error, "the device's keys are not copied");
        }
    }

    /// One answer of the server. Meanwhile a token that others found refused is renewed, and IT
    /// is heard.
    pub(super) async fn sync_once(
        &self,
        client: &Client,
        syncing: &mut Syncing,
        online: bool,
    ) -> Result<News, Trouble> {
        let answer = syncing.step(online);
        let meanwhile = async {
            let mut asked = self.account.asked.lock().await;
            loop {
                tokio::select! {
                    () = self.account.credential.refused() => renew(client.clone()),
                    Some(action) = asked.recv() => self.obey(client, action),
                }
            }
        };
        tokio::select! {
            answer = answer => answer,
            () = meanwhile => unreachable!("it goes on for ever"),
        }
    }

    fn obey(&self, client: &Client, action: AccountAction) {
        let (client, vault) = (client.clone(), self.vault.clone());
        let (desk, states) = (self.desk.clone(), self.account.states.clone());
        // On its own: the answer of a sync does not interrupt it.
        tokio::spawn(async move {
            let key = match action {
                AccountAction::Recover { key } => key,
                AccountAction::Verify => return desk.begin().await,
                AccountAction::Compared { same } => return desk.answer(same).await,
                AccountAction::CompareEmoji => return desk.compare_emoji().await,
                AccountAction::Scanned { confirmed } => return desk.scanned(confirmed).await,
                AccountAction::CloseVerification => return desk.close().await,
                // Late: the room is signed in.
                AccountAction::SignIn { .. }
                | AccountAction::CancelSignIn
                | AccountAction::SignInDigits { .. } => return,
            };
            let recovered = crosssigning::recover(&client, &vault, key.reveal());
            match Box::pin(recovered).await {
                Ok(state) => drop(states.send(MeetingEvent::Identity(state))),
                Err(error) => tracing::warn!(error, "the account's identity is not restored"),
            }
        });
    }
}

/// Renews a token that somebody found refused, on its own: half a renewal would lose the new one.
fn renew(client: Client) {
    tokio::spawn(async move {
        if let Err(error) = client.refresh_access_token().await {
            tracing::warn!(%error, "a refused access token is not renewed");
        }
    });
}
