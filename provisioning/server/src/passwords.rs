//! Passwords: Argon2id (RFC 9106), a few at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString},
};
use tokio::sync::Semaphore;

use crate::error::FleetError;

/// Each takes 19 MiB for a moment: strangers can't make it more than this many times that.
static PLACES: Semaphore = Semaphore::const_new(2);

/// Shorter ones are guessed.
pub(crate) const SHORTEST: usize = 12;
/// Longer ones are no passwords.
const LONGEST: usize = 200;

/// A password that somebody chose, as it is kept.
pub(crate) async fn hash(password: String) -> Result<String, FleetError> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        let problem = format!("a password has {SHORTEST} to {LONGEST} characters");
        return Err(FleetError::Setting(problem));
    }
    let salt: [u8; 16] = crate::random()?;
    let _place = PLACES.acquire().await.map_err(|_| FleetError::Stopping)?;
    let work = move || {
        let failed = |e: argon2::password_hash::Error| FleetError::Crypto(e.to_string());
        let salt = SaltString::encode_b64(&salt).map_err(failed)?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        Ok(hash.map_err(failed)?.to_string())
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| FleetError::Stopping)?
}

/// A hash that no password has: who asks for a name that is nobody's waits as long as for another one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether it is this password; `None`: of nobody, and it is not.
pub(crate) async fn fits(password: String, kept: Option<String>) -> Result<bool, FleetError> {
    let _place = PLACES.acquire().await.map_err(|_| FleetError::Stopping)?;
    let work = move || {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODY.to_owned());
        let read = PasswordHash::new(&kept).map_err(|e| FleetError::Corrupt {
            what: "a password",
            reason: e.to_string(),
        })?;
        let short: String = password.chars().take(LONGEST).collect();
        Ok(Argon2::default()
            .verify_password(short.as_bytes(), &read)
            .is_ok()
            && known)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| FleetError::Stopping)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_fits_and_nobody_has_one() {
        let password = "korrekt pferd batterie".to_owned();
        let kept = hash(password.clone()).await.unwrap();
        assert!(kept.starts_with("$argon2id$"), "{kept}");
        assert_ne!(
            kept,
            hash(password.clone()).await.unwrap(),
            "each has a salt of its own"
        );
        assert!(fits(password.clone(), Some(kept.clone())).await.unwrap());
        assert!(!fits(password.to_uppercase(), Some(kept)).await.unwrap());
        assert!(!fits(password, None).await.unwrap());
        assert!(hash("kurz".to_owned()).await.is_err());
    }
}
