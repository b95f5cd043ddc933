//! Verifying the room: IT begins it on another device of the account, or with an account of its own
//! that the configuration names. The other device scans a code on the panel, or people compare
//! emoji there ("Key verification framework" of the client-server API). Afterwards the account
//! knows the room's device and tells it its secrets, or the other user knows the room's account.

mod asking;

use std::{collections::BTreeSet, sync::Arc};

use futures_util::{Stream, StreamExt as _, stream};
use matrix_sdk::{
    encryption::verification::{
        CancelInfo, QrVerification, QrVerificationState, SasState, SasVerification,
        Verification as Flow, VerificationRequest, VerificationRequestState,
    },
    ruma::events::key::verification::{VerificationMethod, cancel::CancelCode},
};
use saal_meeting::{MeetingEvent, Verification};
use tokio::sync::{Mutex, mpsc};

/// What the room can do: its camera scans nothing.
const METHODS: [VerificationMethod; 3] = [
    VerificationMethod::SasV1,
    VerificationMethod::QrCodeShowV1,
    VerificationMethod::ReciprocateV1,
];

/// One verification at a time, as the panel shows it.
#[derive(Clone)]
pub(crate) struct Desk {
    states: mpsc::UnboundedSender<MeetingEvent>,
    /// Ids of other users who may verify the room.
    verifiers: Arc<BTreeSet<String>>,
    open: Arc<Mutex<Option<Open>>>,
}

/// What people can answer to.
#[derive(Clone)]
struct Open {
    request: VerificationRequest,
    step: Step,
}

#[derive(Clone)]
enum Step {
    /// Whether to do it at all.
    Asked,
    /// Whether it was the other device that scanned the code, or emoji instead.
    Code(QrVerification),
    /// Whether the emoji are the same.
    Emoji(SasVerification),
}

impl Desk {
    pub(crate) fn new(
        states: mpsc::UnboundedSender<MeetingEvent>,
        verifiers: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            states,
            verifiers: Arc::new(verifiers.into_iter().collect()),
            open: Arc::default(),
        }
    }

    fn say(&self, verification: Option<Verification>) {
        let _ = self.states.send(MeetingEvent::Verification(verification));
    }

    /// What people can answer to from now on; nothing when another verification has begun.
    async fn turn_to(&self, request: &VerificationRequest, step: Step) {
        let mut open = self.open.lock().await;
        if let Some(open) = open.as_mut().filter(|open| open.is(request)) {
            open.step = step;
        }
    }

    async fn follow(self, request: VerificationRequest) {
        let mut states = Box::pin(all(request.state(), request.changes()));
        while let Some(now) = states.next().await {
            match now {
                VerificationRequestState::Ready { their_methods, .. } => {
                    if let Some(code) = code(&request).await {
                        let emoji = their_methods.contains(&VerificationMethod::SasV1);
                        return self.scan(request, code, emoji).await;
                    }
                    self.say(Some(Verification::Waiting));
                }
                VerificationRequestState::Transitioned {
                    verification: Flow::SasV1(sas),
                } => return self.compare(request, sas).await,
                VerificationRequestState::Done => return self.over(&request, true).await,
                VerificationRequestState::Cancelled(info) => {
                    return self.cancelled(&request, &info).await;
                }
                VerificationRequestState::Created { .. }
                | VerificationRequestState::Requested { .. }
                | VerificationRequestState::Transitioned { .. } => {}
            }
        }
    }

    /// Shows a code until it was scanned and both sides are content, or people compare emoji.
    async fn scan(self, request: VerificationRequest, code: QrVerification, emoji: bool) {
        self.turn_to(&request, Step::Code(code.clone())).await;
        let of_code = all(code.state(), code.changes());
        let (mut of_code, mut of_request) = (Box::pin(of_code), Box::pin(request.changes()));
        loop {
            tokio::select! {
                Some(now) = of_code.next() => match now {
                    QrVerificationState::Started => self.show(&code, emoji),
                    QrVerificationState::Scanned => self.say(Some(Verification::Scanned)),
                    QrVerificationState::Confirmed => self.say(Some(Verification::Waiting)),
                    QrVerificationState::Done { .. } => return self.over(&request, true).await,
                    QrVerificationState::Cancelled(info) => {
                        return self.cancelled(&request, &info).await;
                    }
                    // Of the side that scans.
                    QrVerificationState::Reciprocated => {}
                },
                Some(now) = of_request.next() => match now {
                    VerificationRequestState::Transitioned {
                        verification: Flow::SasV1(sas),
                    } => return self.compare(request, sas).await,
                    VerificationRequestState::Cancelled(info) => {
                        return self.cancelled(&request, &info).await;
                    }
                    _ => {}
                },
                else => return,
            }
        }
    }

    fn show(&self, code: &QrVerification, emoji: bool) {
        match code.to_bytes() {
            Ok(code) => self.say(Some(Verification::Scan { code, emoji })),
            Err(error) => {
                tracing::warn!(%error, "there is no code to scan");
                self.say(Some(Verification::Waiting));
            }
        }
    }

    async fn compare(self, request: VerificationRequest, sas: SasVerification) {
        self.turn_to(&request, Step::Emoji(sas.clone())).await;
        self.say(Some(Verification::Waiting));
        if !sas.we_started()
            && let Err(error) = sas.accept().await
        {
            tracing::warn!(%error, "the verification is not accepted");
        }
        let mut states = Box::pin(all(sas.state(), sas.changes()));
        while let Some(now) = states.next().await {
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
                SasState::Done { .. } => return self.over(&request, true).await,
                SasState::Cancelled(info) => return self.cancelled(&request, &info).await,
                SasState::Created { .. } | SasState::Started { .. } | SasState::Accepted { .. } => {
                }
            }
        }
    }

    async fn cancelled(&self, request: &VerificationRequest, info: &CancelInfo) {
        if *info.cancel_code() == CancelCode::Accepted {
            tracing::info!("another device of the account answers the verification");
            return self.put_away(request).await;
        }
        tracing::warn!(reason = info.reason(), "the verification was cancelled");
        self.over(request, false).await;
    }

    /// Tells how it ended, unless people have put it away or another one has begun.
    async fn over(&self, request: &VerificationRequest, verified: bool) {
        let mut open = self.open.lock().await;
        if open.take_if(|open| open.is(request)).is_some() {
            let user = request.other_user_id();
            tracing::info!(verified, %user, "a verification is over");
            self.say(Some(Verification::Over { verified }));
        }
    }

    async fn put_away(&self, request: &VerificationRequest) {
        let mut open = self.open.lock().await;
        if open.take_if(|open| open.is(request)).is_some() {
            self.say(None);
        }
    }

    /// People want to be verified.
    pub(crate) async fn begin(&self) {
        let Some(open) = self.open.lock().await.clone() else {
            return;
        };
        if let Step::Asked = open.step {
            let accepted = open.request.accept_with_methods(METHODS.into()).await;
            self.unless_failed(&open, accepted).await;
        }
    }

    /// People rather compare emoji than have a code scanned.
    pub(crate) async fn compare_emoji(&self) {
        let Some(open) = self.open.lock().await.clone() else {
            return;
        };
        if let Step::Code(_) = open.step {
            let started = open.request.start_sas().await;
            self.unless_failed(&open, started.map(drop)).await;
        }
    }

    /// Whether the other device says that it has scanned the code.
    pub(crate) async fn scanned(&self, confirmed: bool) {
        let Some(open) = self.open.lock().await.clone() else {
            return;
        };
        if let Step::Code(code) = &open.step {
            let answered = if confirmed {
                code.confirm().await
            } else {
                code.cancel().await
            };
            self.unless_failed(&open, answered).await;
        }
    }

    /// Whether both devices show the same emoji.
    pub(crate) async fn answer(&self, same: bool) {
        let Some(open) = self.open.lock().await.clone() else {
            return;
        };
        if let Step::Emoji(sas) = &open.step {
            let answered = if same {
                sas.confirm().await
            } else {
                sas.mismatch().await
            };
            self.unless_failed(&open, answered).await;
        }
    }

    /// People do not want to, or have seen how it ended.
    pub(crate) async fn close(&self) {
        let open = self.open.lock().await.take();
        self.say(None);
        if let Some(open) = open {
            open.cancel().await;
        }
    }

    async fn unless_failed(&self, open: &Open, result: Result<(), matrix_sdk::Error>) {
        if let Err(error) = result {
            tracing::warn!(%error, "the verification does not go on");
            self.over(&open.request, false).await;
        }
    }
}

impl Open {
    fn is(&self, request: &VerificationRequest) -> bool {
        self.request.flow_id() == request.flow_id()
    }

    async fn cancel(&self) {
        if let Err(error) = self.request.cancel().await {
            tracing::warn!(%error, "the verification is not cancelled");
        }
    }
}

/// A code for the other device, if it can scan and both accounts have an identity.
async fn code(request: &VerificationRequest) -> Option<QrVerification> {
    let code = request.generate_qr_code().await;
    code.unwrap_or_else(|error| {
        tracing::warn!(%error, "there is no code to scan");
        None
    })
}

/// How something is and how it changes.
fn all<T>(now: T, changes: impl Stream<Item = T>) -> impl Stream<Item = T> {
    stream::iter([now]).chain(changes)
}
