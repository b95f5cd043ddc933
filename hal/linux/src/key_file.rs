//! Sealing by a key in a file: for machines without a TPM. Whoever can read the file can open
//! what it seals, so it protects copies and backups of single files, not a stolen disk.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use chacha20poly1305::{
    AeadCore as _, Key, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, OsRng, Payload},
};
use saal_hal::{SealError, Sealer};

/// Bytes of the key and of the nonce before each sealed text (XChaCha20-Poly1305).
const KEY: usize = 32;
const NONCE: usize = 24;
/// Who else may do what with the file.
const OTHERS: u32 = 0o077;

/// A [`Sealer`] whose key is a file of 32 random bytes that only its owner can read.
pub struct KeyFile(XChaCha20Poly1305);

impl KeyFile {
    /// Reads the key, or makes it when there is none.
    ///
    /// # Errors
    /// [`SealError::Key`] that names the file: it can't be read or made, others can read it, or it
    /// is no key.
    pub fn open_or_create(path: &Path) -> Result<Self, SealError> {
        let failed = |reason: String| SealError::Key {
            reason: format!("{}: {reason}", path.display()),
        };
        let key = match read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
            other => other,
        };
        let key = key.map_err(|error| failed(error.to_string()))?;
        let key: [u8; KEY] = key
            .try_into()
            .map_err(|key: Vec<u8>| failed(format!("{} bytes are no key of 32", key.len())))?;
        Ok(Self(XChaCha20Poly1305::new(Key::from_slice(&key))))
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let mode = file.metadata()?.mode();
    if mode & OTHERS != 0 {
        return Err(io::Error::other("others may use it; set its mode to 600"));
    }
    let mut key = Vec::with_capacity(KEY);
    file.read_to_end(&mut key)?;
    Ok(key)
}

/// Written beside and linked into place, so that a power cut leaves a whole key or none, and of two
/// processes both get the first one's.
fn create(path: &Path) -> io::Result<Vec<u8>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let key = XChaCha20Poly1305::generate_key(&mut OsRng);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(&key)?;
    file.sync_all()?;
    let linked = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => read(path),
    }
}

impl Sealer for KeyFile {
    fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload {
            msg: secret,
            aad: purpose.as_bytes(),
        };
        let sealed = self.0.encrypt(&nonce, payload);
        let sealed = sealed.map_err(|error| SealError::Key {
            reason: error.to_string(),
        })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, text) = sealed.split_at_checked(NONCE).ok_or(SealError::NotOurs)?;
        let payload = Payload {
            msg: text,
            aad: purpose.as_bytes(),
        };
        self.0
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| SealError::NotOurs)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails fails the test")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/seal.key");
        let sealed = KeyFile::open_or_create(&path)
            .unwrap()
            .seal("p", b"secret")
            .unwrap();
        let again = KeyFile::open_or_create(&path).unwrap();
        assert_eq!(again.open("p", &sealed).unwrap(), b"secret");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_none_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        drop(KeyFile::open_or_create(&path).unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let told = |path: &Path| KeyFile::open_or_create(path).err().unwrap().to_string();
        assert!(told(&path).contains("600"), "{}", told(&path));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        assert!(told(&path).contains("5 bytes"), "{}", told(&path));
        assert!(told(&path).contains("seal.key"));
    }
}
