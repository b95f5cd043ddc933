//! With a device that is signed in to the room's account: it scans a code, and the account's
//! secrets come from it (MSC4108, "the new device generates the QR code").

use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt as _};
use matrix_sdk::{
    Client,
    authentication::oauth::{
        ClientId,
        qrcode::{
            CheckCodeSender, DeviceCodeErrorResponseType, GeneratedQrProgress, LoginProgress,
            QRCodeLoginError, SecureChannelError,
        },
    },
};
use saal_meeting::{SignIn, SignInProblem};
use tokio::sync::mpsc;

use super::Person;
use crate::account::{
    keys::{self, KeyStore},
    open,
    runner::Runner,
    session::Session,
};

/// Servers keep a rendezvous for a minute; the panel shows new ones for so long.
const SHOWN_FOR: Duration = Duration::from_secs(600);

/// What a sign-in by another device is waited for with.
type Progress = LoginProgress<GeneratedQrProgress>;

impl Runner {
    pub(super) async fn by_device(
        &self,
        person: &Person<'_>,
        mut entered: mpsc::UnboundedReceiver<u8>,
    ) -> Result<Session, SignInProblem> {
        if !self.has_rendezvous().await {
            let reason = "the home server has no rendezvous for two devices (MSC4108)".to_owned();
            return Err(SignInProblem::NotOffered { reason });
        }
        let (service, client_id) = self.service(person).await?;
        let began = Instant::now();
        let (client, keys) = loop {
            let mut scanned = false;
            match self
                .meet_device(&client_id, &mut entered, &mut scanned)
                .await
            {
                Ok(met) => break met,
                // Nobody has come yet; the next one shows the code of another meeting place.
                Err(SignInProblem::Expired) if !scanned && began.elapsed() < SHOWN_FOR => {}
                Err(problem) => return Err(problem),
            }
        };
        let tokens = client.session_tokens();
        let tokens = tokens.ok_or_else(|| other_device("no tokens came of it"))?;
        let session = self.admit(person, &service, &client_id, tokens).await?;
        // The device's keys came into being with its id; the account's are with them now.
        if let Err(error) = keys::copy(&keys, &self.vault, &mut None).await {
            let _ = service
                .revoke(&client_id, &session.tokens().access_token)
                .await;
            let reason = format!("the device's keys are not kept: {error}");
            return Err(SignInProblem::Refused { reason });
        }
        Ok(session)
    }

    /// One meeting place: shows its code and follows what comes of it.
    async fn meet_device(
        &self,
        client_id: &str,
        entered: &mut mpsc::UnboundedReceiver<u8>,
        scanned: &mut bool,
    ) -> Result<(Client, KeyStore), SignInProblem> {
        let (client, keys) = open::signed_out(&self.account.settings.homeserver)
            .await
            .map_err(|error| SignInProblem::Unreachable {
                reason: error.to_string(),
            })?;
        let oauth = client.oauth();
        oauth.restore_registered_client(ClientId::new(client_id.to_owned()));
        let login = oauth.login_with_qr_code(None).generate();
        let progress = login.subscribe_to_progress();
        let done = tokio::select! {
            done = login.into_future() => done,
            () = self.follow(progress, entered, scanned) => unreachable!("it goes on for ever"),
        };
        done.map_err(|error| problem(&error))?;
        Ok((client, keys))
    }

    async fn follow(
        &self,
        progress: impl Stream<Item = Progress>,
        entered: &mut mpsc::UnboundedReceiver<u8>,
        scanned: &mut bool,
    ) {
        let mut progress = Box::pin(progress);
        let mut asks: Option<CheckCodeSender> = None;
        loop {
            tokio::select! {
                Some(now) = progress.next() => self.tell(now, &mut asks, scanned),
                Some(digits) = entered.recv() => {
                    if let Some(asks) = asks.take()
                        && let Err(error) = asks.send(digits).await
                    {
                        tracing::warn!(%error, "the digits came too late");
                    }
                }
                // What it follows ends it.
                else => std::future::pending().await,
            }
        }
    }

    fn tell(&self, now: Progress, asks: &mut Option<CheckCodeSender>, scanned: &mut bool) {
        let shown = match now {
            LoginProgress::Starting => return,
            LoginProgress::EstablishingSecureChannel(GeneratedQrProgress::QrReady(code)) => {
                SignIn::Scan {
                    qr: code.to_bytes(),
                }
            }
            LoginProgress::EstablishingSecureChannel(GeneratedQrProgress::QrScanned(sender)) => {
                (*asks, *scanned) = (Some(sender), true);
                SignIn::Digits
            }
            LoginProgress::WaitingForToken { user_code } => SignIn::Allow { code: user_code },
            LoginProgress::SyncingSecrets | LoginProgress::Done => SignIn::Finishing,
        };
        self.say_sign_in(shown);
    }
}

fn other_device(reason: &str) -> SignInProblem {
    let reason = reason.to_owned();
    SignInProblem::OtherDevice { reason }
}

fn problem(error: &QRCodeLoginError) -> SignInProblem {
    match error {
        QRCodeLoginError::SecureChannel(SecureChannelError::InvalidCheckCode) => {
            SignInProblem::WrongDigits
        }
        QRCodeLoginError::NotFound => SignInProblem::Expired,
        QRCodeLoginError::OAuth(refused) => match refused.as_request_token_error() {
            Some(DeviceCodeErrorResponseType::AccessDenied) => SignInProblem::Denied,
            Some(DeviceCodeErrorResponseType::ExpiredToken) => SignInProblem::Expired,
            _ => SignInProblem::Refused {
                reason: refused.to_string(),
            },
        },
        // Its text has the message, which may be the account's secrets.
        QRCodeLoginError::UnexpectedMessage { expected, .. } => {
            other_device(&format!("it did not send {expected}"))
        }
        error => other_device(&error.to_string()),
    }
}
