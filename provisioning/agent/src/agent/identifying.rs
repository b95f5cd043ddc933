//! Who the device is: what it shows and proves of itself.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Digest,
    wire::{Enrol, KeyProof},
};

use super::Agent;
use crate::{
    disk::Folder,
    identity::{self, Identity, IdentityError},
    link::Credentials,
    settings::Settings,
};

impl Agent {
    /// A certificate that is over is not shown: the key alone brings the device back.
    pub(super) fn credentials(&self) -> Result<Option<Credentials>, IdentityError> {
        let own = self.membership.as_ref();
        let own = own.filter(|own| !identity::is_over(own, Timestamp::now()));
        let (Some(own), Some(identity)) = (own, &self.identity) else {
            return Ok(None);
        };
        Ok(Some(Credentials {
            certificate: own.certificate.clone(),
            key: identity.signer()?,
        }))
    }

    /// The key with its proof; the error says why there is none.
    pub(super) fn prove(&self, nonce: &str) -> Result<KeyProof, String> {
        let identity = self.identity.as_ref().ok_or("the device has no key")?;
        identity.prove(nonce).map_err(|error| error.to_string())
    }

    pub(super) fn wants_renewal(&self) -> bool {
        let own = self.membership.as_ref();
        own.is_some_and(|own| identity::wants_renewal(own, Timestamp::now()))
    }

    pub(super) fn enrol(&mut self, nonce: &str) -> Result<Enrol, String> {
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
        Ok(Enrol {
            key: self.prove(nonce)?,
            seal_key: self
                .identity
                .as_ref()
                .map_or_else(String::new, |own| own.seal_key().to_owned()),
            serial: self.serial.clone(),
            model: self.settings.model.clone(),
            token,
            root: Some(self.roots.version()),
        })
    }
}

/// What stands behind a token.
fn root_of(word: &str) -> Result<Digest, String> {
    let print = word.strip_prefix("root:");
    let print = print.and_then(|print| print.parse().ok());
    print.ok_or_else(|| format!("\"{word}\" behind the token is no \"root:FINGERPRINT\""))
}

/// Who the device is; `None`: its TPM does not do its part, which the log tells. The room goes on without the fleet.
pub(super) fn who(folder: &Folder, settings: &Settings) -> Result<Option<Identity>, IdentityError> {
    match Identity::open(folder, settings) {
        Ok(identity) => Ok(Some(identity)),
        Err(IdentityError::Tpm(error)) => {
            tracing::error!("{error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
