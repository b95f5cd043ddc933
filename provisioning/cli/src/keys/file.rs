//! A key of somebody's own: useless to whoever finds the stick that it is on.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use argon2::{Algorithm, Argon2, Params};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use clap::Args;
use ed25519_dalek::SigningKey;
use saal_fleet_protocol::fleet::{
    Digest,
    trust::PublicKey,
    wire::{from_text, to_text},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const VERSION: u32 = 1;
/// Argon2id as RFC 9106, section 4 has it where memory is short: 64 MiB, three passes, four lanes. Another choice is another
/// version of the file.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
const SALT: usize = 16;
const NONCE: usize = 24;
/// Whoever has the file may guess as long as they like.
const SHORTEST: usize = 12;

/// Where the pass phrase comes from.
#[derive(Args, Debug)]
pub(crate) struct Phrase {
    /// A file with the pass phrase; without it somebody is asked.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Phrase {
    /// One that is there.
    pub(super) fn asked(&self) -> Result<Zeroizing<String>> {
        match &self.passphrase_file {
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text = Zeroizing::new(text.with_context(|| path.display().to_string())?);
                Ok(Zeroizing::new(
                    text.trim_end_matches(['\r', '\n']).to_owned(),
                ))
            }
            None => Ok(Zeroizing::new(
                rpassword::prompt_password("Pass phrase: ").context("nobody can be asked")?,
            )),
        }
    }

    /// One for a new key, said twice.
    pub(super) fn chosen(&self) -> Result<Zeroizing<String>> {
        let phrase = self.asked()?;
        if phrase.chars().count() < SHORTEST {
            bail!("a pass phrase has {SHORTEST} characters at least; take some words");
        }
        if self.passphrase_file.is_none() {
            let again = rpassword::prompt_password("The same once more: ");
            if *Zeroizing::new(again.context("nobody can be asked")?) != *phrase {
                bail!("these are two pass phrases; nothing was made");
            }
        }
        Ok(phrase)
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    version: u32,
    public: PublicKey,
    /// Base64.
    salt: String,
    /// Nonce and ciphertext (XChaCha20-Poly1305), base64; bound to the key's id.
    sealed: String,
}

impl KeyFile {
    /// A new key, in a new file, with its public half beside it.
    pub(super) fn make(path: &Path, phrase: &str) -> Result<Self> {
        let (seed, salt, nonce) = (
            Zeroizing::new(random::<32>()?),
            random::<SALT>()?,
            random::<NONCE>()?,
        );
        let key = SigningKey::from_bytes(&seed);
        let public = PublicKey::from(&key.verifying_key());
        let id = public.id();
        let payload = Payload {
            msg: &seed[..],
            aad: id.as_str().as_bytes(),
        };
        let sealed = cipher(phrase, &salt)?.encrypt(XNonce::from_slice(&nonce), payload);
        let Ok(sealed) = sealed else {
            bail!("the key does not seal");
        };
        let file = Self {
            version: VERSION,
            public,
            salt: to_text(&salt),
            sealed: to_text(&[&nonce[..], &sealed].concat()),
        };
        write_new(path, 0o600, &file)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".pub");
        write_new(Path::new(&beside), 0o644, &file.public)?;
        Ok(file)
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let place = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(place)?;
        let file: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no key that `keys new` made", path.display()))?;
        if file.version != VERSION {
            bail!("{}: version {} is unknown", path.display(), file.version);
        }
        Ok(file)
    }

    /// By what roots name it.
    pub(super) fn id(&self) -> Digest {
        self.public.id()
    }

    /// The key itself.
    pub(super) fn open(&self, phrase: &str) -> Result<SigningKey> {
        let whole = "the file of the key is damaged";
        let salt: [u8; SALT] = from_text(&self.salt)
            .and_then(|salt| salt.try_into().ok())
            .context(whole)?;
        let sealed = from_text(&self.sealed).context(whole)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE).context(whole)?;
        let id = self.id();
        let payload = Payload {
            msg: sealed,
            aad: id.as_str().as_bytes(),
        };
        let seed = cipher(phrase, &salt)?.decrypt(XNonce::from_slice(nonce), payload);
        let Ok(seed) = seed.map(Zeroizing::new) else {
            bail!("this is not the key's pass phrase");
        };
        let seed: &[u8; 32] = seed.as_slice().try_into().context(whole)?;
        let key = SigningKey::from_bytes(seed);
        if PublicKey::from(&key.verifying_key()) != self.public {
            bail!(whole);
        }
        Ok(key)
    }
}

fn cipher(phrase: &str, salt: &[u8]) -> Result<XChaCha20Poly1305> {
    let failed = |e: argon2::Error| anyhow::anyhow!("the pass phrase does not work: {e}");
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(failed)?;
    let argon = Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut key = Zeroizing::new([0; 32]);
    argon
        .hash_password_into(phrase.as_bytes(), salt, &mut key[..])
        .map_err(failed)?;
    Ok(XChaCha20Poly1305::new((&*key).into()))
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("no random numbers")?;
    Ok(bytes)
}

/// A key that is there stays.
fn write_new(path: &Path, mode: u32, value: &impl Serialize) -> Result<()> {
    let place = || path.display().to_string();
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    let mut file = file.with_context(place)?;
    let text = serde_json::to_string_pretty(value)? + "\n";
    file.write_all(text.as_bytes()).with_context(place)?;
    file.sync_all().with_context(place)
}
