//! What people do with the fleet's authority, at the server's folder.

use std::path::Path;

use jiff::Timestamp;

use super::{Authority, ChainError, KEY_FILE};
use crate::{
    fleet::{
        audit::Stamp,
        authority::{self, InForce},
    },
    folder::{self, FolderError},
    server::{Options, StartError, known_keys},
    store::Store,
};

/// What IT is to sign: a request (PKCS #10, RFC 2986, in PEM) for the authority of a fleet. An empty folder gets an authority,
/// and becomes a fleet with its first start.
///
/// # Errors
/// When the folder can't be read or written.
pub fn request_authority(data: &Path) -> Result<String, FolderError> {
    folder::make(data)?;
    let now = Timestamp::now();
    let request = Authority::open(data, now)?.request(now);
    request.map_err(|e| FolderError::bad(&data.join(KEY_FILE), &e))
}

/// Puts a chain into force that IT signed, from the fleet's authority to IT's root; with the fleet's own `ca.pem` the fleet is its own
/// authority again. Servers take it with their next start. `options.names` are those that servers have.
///
/// # Errors
/// [`StartError`]; what was in force stays.
pub async fn install_authority(options: &Options, file: &Path) -> Result<(), StartError> {
    let bad = |e: &dyn std::fmt::Display| FolderError::bad(file, e);
    let pem = folder::read(file)?.ok_or_else(|| bad(&"it is not there"))?;
    let pem = String::from_utf8(pem).map_err(|e| bad(&e))?;
    if folder::read(&options.data.join(KEY_FILE))?.is_none() {
        let hint = "there is no authority here; begin with `saal-fleet authority request`";
        return Err(FolderError::bad(&options.data, &hint).into());
    }
    let now = Timestamp::now();
    let wrong = |e: ChainError| bad(&e);
    let authority = Authority::open(&options.data, now)?;
    let checked = authority.checked(&pem, &options.names, now);
    let checked = checked.map_err(wrong)?;
    let new = InForce {
        until: checked.until().map_err(wrong)?,
        chain: pem,
    };
    let store = Store::connect(&options.data, options.shared.as_ref()).await?;
    known_keys(options, &store).await?;
    let stamp = Stamp::server(now);
    let installed = store.run(move |tx| authority::install(tx, &new, &stamp));
    Ok(installed.await?)
}

impl Authority {
    /// The same below what is in force. A chain that does not count any more leaves the fleet to those who know its own certificate.
    pub(crate) async fn in_force(
        self,
        options: &Options,
        store: &Store,
        now: Timestamp,
    ) -> Result<Self, StartError> {
        let path = options.data.join(super::CERTIFICATE_FILE);
        let own = InForce {
            until: self.until().map_err(|e| FolderError::bad(&path, &e))?,
            chain: self.certificate().to_owned(),
        };
        let known = store.read(authority::current).await?;
        let known = match known {
            Some(known) => known,
            None => {
                store
                    .run_quietly(move |tx| authority::begin(tx, &own))
                    .await?
            }
        };
        let whole = self.below(&known.chain, now);
        let whole = whole.map_err(|e| FolderError::bad(&options.data, &e))?;
        if let Err(error) = whole.check(&options.names, now) {
            tracing::error!(%error, "whoever knows nothing but IT's root does not believe this server");
        }
        Ok(whole)
    }
}
