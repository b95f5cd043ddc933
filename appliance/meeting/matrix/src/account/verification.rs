//! Verifying the room by comparing emoji: IT begins it on another device of the account, people
//! compare on the panel ("Short Authentication String (SAS) verification" of the client-server
//! API). Afterwards the account knows the room's device, and tells it its secrets.

use std::sync::Arc;

use futures_util::StreamExt as _;
use matrix_sdk::{
    Client,
    encryption::verification::{
        SasState, SasVerification, Verification as Flow, VerificationRequest,
        VerificationRequestState,
    },
    ruma::events::key::verification::{
        VerificationMethod, request::ToDeviceKeyVerificationRequestEvent,
    },
};
use saal_meeting::{MeetingEvent, Verification};
use tokio::sync::{Mutex, mpsc};

/// One verification at a time, as the panel shows it.
#[derive(Clone)]
pub(crate) struct Desk {
    states: mpsc::UnboundedSender<MeetingEvent>,
    open: Arc<Mutex<Option<Open>>>,
}

/// What people can answer to.
#[derive(Clone)]
enum Open {
    Request(VerificationRequest),
    Emoji(SasVerification),
}

impl Desk {
    pub(crate) fn new(states: mpsc::UnboundedSender<MeetingEvent>) -> Self {
        Self {
            states,
            open: Arc::default(),
        }
    }

    /// Takes requests of the account's other devices from now on.
    pub(crate) fn take_requests(&self, client: &Client) {
        let desk = self.clone();
        client.add_event_handler(
            move |event: ToDeviceKeyVerificationRequestEvent, client: Client| {
                let desk = desk.clone();
                async move { desk.requested(&client, event).await }
            },
        );
    }

    async fn requested(&self, client: &Client, event: ToDeviceKeyVerificationRequestEvent) {
        let (sender, id) = (&event.sender, &event.content.transaction_id);
        if client.user_id() != Some(sender) {
            tracing::warn!(%sender, "only the account's own devices may verify the room");
            return;
        }
        let encryption = client.encryption();
        let Some(request) = encryption.get_verification_request(sender, id).await else {
            return tracing::warn!(%sender, "a verification that was asked for is over already");
        };
        let device = &event.content.from_device;
        let name = match encryption.get_device(sender, device).await {
            Ok(Some(device)) => device.display_name().map(str::to_owned),
            Ok(None) | Err(_) => None,
        };
        let device = name.unwrap_or_else(|| device.to_string());
        if let Some(before) = self
            .open
            .lock()
            .await
            .replace(Open::Request(request.clone()))
        {
            before.cancel().await;
        }
        tracing::info!(
            device,
            "another device of the account asks to verify the room"
        );
        self.say(Some(Verification::Requested { device, user: None }));
        // On its own: it lasts as long as people take.
        tokio::spawn(self.clone().follow(request));
    }

    fn say(&self, verification: Option<Verification>) {
        let _ = self.states.send(MeetingEvent::Verification(verification));
    }

    async fn follow(self, request: VerificationRequest) {
        let mut changes = Box::pin(request.changes());
        let mut state = Some(request.state());
        while let Some(now) = state {
            match now {
                VerificationRequestState::Transitioned {
                    verification: Flow::SasV1(sas),
                } => return self.compare(sas).await,
                VerificationRequestState::Done => return self.over(true).await,
                VerificationRequestState::Cancelled(info) => {
                    tracing::warn!(reason = info.reason(), "the verification was cancelled");
                    return self.over(false).await;
                }
                VerificationRequestState::Ready { .. } => self.say(Some(Verification::Waiting)),
                VerificationRequestState::Created { .. }
                | VerificationRequestState::Requested { .. } => {}
                #[allow(unreachable_patterns, reason = "other kinds exist with other features")]
                VerificationRequestState::Transitioned { .. } => {}
            }
            state = changes.next().await;
        }
    }

    async fn compare(self, sas: SasVerification) {
        *self.open.lock().await = Some(Open::Emoji(sas.clone()));
        self.say(Some(Verification::Waiting));
        if !sas.we_started()
            && let Err(error) = sas.accept().await
        {
            tracing::warn!(%error, "the verification is not accepted");
        }
        let mut changes = Box::pin(sas.changes());
        let mut state = Some(sas.state());
        while let Some(now) = state {
            match now {
                SasState::KeysExchanged {
                    emojis: Some(emoji),
                    ..
                } => self.say(Some(Verification::Compare {
                    emoji: emoji.indices,
                })),
                SasState::KeysExchanged { emojis: None, .. } => {
                    tracing::warn!("the other device compares no emoji");
                    let _ = sas.cancel().await;
                }
                SasState::Confirmed => self.say(Some(Verification::Waiting)),
                SasState::Done { .. } => return self.over(true).await,
                SasState::Cancelled(info) => {
                    tracing::warn!(reason = info.reason(), "the verification was cancelled");
                    return self.over(false).await;
                }
                SasState::Created { .. } | SasState::Started { .. } | SasState::Accepted { .. } => {
                }
            }
            state = changes.next().await;
        }
    }

    async fn over(&self, verified: bool) {
        *self.open.lock().await = None;
        self.say(Some(Verification::Over { verified }));
    }

    /// People want to be verified.
    pub(crate) async fn begin(&self) {
        let open = self.open.lock().await.clone();
        if let Some(Open::Request(request)) = open {
            let accepted = request.accept_with_methods(vec![VerificationMethod::SasV1]);
            self.unless_failed(accepted.await).await;
        }
    }

    /// Whether both devices show the same emoji.
    pub(crate) async fn answer(&self, same: bool) {
        let open = self.open.lock().await.clone();
        if let Some(Open::Emoji(sas)) = open {
            let answered = if same {
                sas.confirm().await
            } else {
                sas.mismatch().await
            };
            self.unless_failed(answered).await;
        }
    }

    /// People do not want to, or have seen how it ended.
    pub(crate) async fn close(&self) {
        let open = self.open.lock().await.take();
        if let Some(open) = open {
            open.cancel().await;
        }
        self.say(None);
    }

    async fn unless_failed(&self, result: Result<(), matrix_sdk::Error>) {
        if let Err(error) = result {
            tracing::warn!(%error, "the verification does not go on");
            self.over(false).await;
        }
    }
}

impl Open {
    async fn cancel(&self) {
        let cancelled = match self {
            Self::Request(request) => request.cancel().await,
            Self::Emoji(sas) => sas.cancel().await,
        };
        if let Err(error) = cancelled {
            tracing::warn!(%error, "the verification is not cancelled");
        }
    }
}
