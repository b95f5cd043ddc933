//! Who the device is: what it shows and proves of itself, and what its panel says of that.

use std::sync::Arc;

use jiff::Timestamp;
use saal_control::EnrolmentStatus;
use saal_fleet_protocol::fleet::{
    Digest, KeyProblem,
    wire::{Enrol, FromDevice, KeyProof},
};

use super::{Agent, AgentError};
use crate::{
    beside::beside,
    disk::Folder,
    identity::{self, Identity, IdentityError},
    link::{Credentials, Link},
    settings::Settings,
};

impl Agent {
    /// A certificate that is over is not shown: the key alone brings the device back.
    pub(super) fn credentials(&self) -> Result<Option<Credentials>, IdentityError> {
        let own = self.membership.as_ref();
        let own = own.filter(|own| !identity::is_over(own, Timestamp::now()));
        let (Some(own), Ok(identity)) = (own, &self.identity) else {
            return Ok(None);
        };
        Ok(Some(Credentials {
            certificate: own.certificate.clone(),
            key: identity.signer()?,
        }))
    }

    /// The key with its proof; the error says why there is none. A TPM takes its time.
    pub(super) fn prove(
        &self,
        nonce: &str,
    ) -> impl Future<Output = Result<KeyProof, String>> + Send + use<> {
        let (identity, nonce) = (self.identity.clone(), nonce.to_owned());
        beside(async move {
            let identity = identity.map_err(|_| "the device has no key")?;
            identity.prove(&nonce).map_err(|error| error.to_string())
        })
    }

    pub(super) fn wants_renewal(&self) -> bool {
        let own = self.membership.as_ref();
        own.is_some_and(|own| identity::wants_renewal(own, Timestamp::now()))
    }

    /// What a device says that belongs to nobody, or whose certificate is over; the inner error says why it can't.
    pub(super) async fn enrol(&mut self, nonce: &str) -> Result<Result<Enrol, String>, AgentError> {
        let proving = Box::pin(self.prove(nonce));
        let key = self.during(proving).await?;
        if let Err(reason) = &key {
            tracing::error!("{reason}");
        }
        Ok(key.and_then(|key| self.enrol_with(key)))
    }

    fn enrol_with(&mut self, key: KeyProof) -> Result<Enrol, String> {
        let token = self.settings.token_file.as_ref().and_then(|path| {
            let read = std::fs::read_to_string(path);
            read.inspect_err(|error| tracing::warn!(path = %path.display(), %error, "no token"))
                .ok()
        });
        let token = token.as_deref().unwrap_or_default();
        let mut words = token.split_whitespace();
        let (token, told) = (words.next().map(str::to_owned), words.next());
        let told = told.map(root_of).transpose()?;
        self.roots.pin(told.or_else(|| self.settings.root.clone()));
        let seal_key = self.identity.as_ref().map(|own| own.seal_key().to_owned());
        Ok(Enrol {
            key,
            seal_key: seal_key.unwrap_or_default(),
            serial: self.serial.clone(),
            model: self.settings.model.clone(),
            token,
            root: Some(self.roots.version()),
        })
    }

    /// Why the device can't prove who it is.
    pub(super) fn key_problem(&self) -> Option<KeyProblem> {
        match &self.identity {
            Ok(identity) => identity.problem(),
            Err(problem) => Some(*problem),
        }
    }

    /// The panel shows the code until somebody typed it, and what keeps the device from proving who it is until nothing does. Both
    /// are said again, as saald may have started anew.
    pub(super) async fn show(&mut self) {
        let problem = self.key_problem();
        if problem.is_some() || self.told_key != Some(problem) {
            self.told_key = Some(problem);
            self.room.show_device_key(problem).await;
        }
        let waits = self.membership.is_none() && problem.is_none();
        let status = waits.then(|| EnrolmentStatus {
            server: self
                .settings
                .server
                .as_ref()
                .map_or_else(String::new, |s| s.host().to_owned()),
            code: self.code.clone(),
        });
        if status.is_none() && self.settled {
            return;
        }
        self.settled = status.is_none();
        self.room.show_enrolment(status).await;
    }
}

/// What stands behind a token.
fn root_of(word: &str) -> Result<Digest, String> {
    let print = word.strip_prefix("root:");
    let print = print.and_then(|print| print.parse().ok());
    print.ok_or_else(|| format!("\"{word}\" behind the token is no \"root:FINGERPRINT\""))
}

/// Asks for another certificate.
pub(super) async fn renew(link: &mut Link, proof: Result<KeyProof, String>) {
    match proof {
        Ok(proof) => _ = link.say(&FromDevice::Renew(proof)).await,
        // The next connection tries again; the certificate has a third of its life left.
        Err(reason) => tracing::error!(reason, "the certificate is not renewed"),
    }
}

/// Who the device is; the inner error: its TPM does not do its part, which the log tells. The room goes on without the fleet.
pub(super) fn who(
    folder: &Folder,
    settings: &Settings,
) -> Result<Result<Arc<Identity>, KeyProblem>, IdentityError> {
    match Identity::open(folder, settings) {
        Ok(identity) => Ok(Ok(Arc::new(identity))),
        Err(IdentityError::Tpm(error)) => {
            tracing::error!("{error}");
            Ok(Err(error.problem()))
        }
        Err(error) => Err(error),
    }
}
