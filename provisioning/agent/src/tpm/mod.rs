//! Keys in a TPM 2.0: what of them lies outside is of use to this TPM alone.
//!
//! A TPM is asked at its device (`/dev/tpmrm0`, where the kernel keeps programs apart), or at the Unix socket of an emulated
//! one, as virtual machines have it. Nothing stays in it: each use makes the key that wraps the others again, which is the same
//! one as long as nobody clears the TPM.

mod wire;

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::{fs::FileTypeExt as _, net::UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::Duration,
};

use rustls::{
    SignatureAlgorithm, SignatureScheme,
    sign::{Signer, SigningKey},
};
use saal_fleet_protocol::fleet::KeyProblem;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub use self::wire::{Code, Command, Wrapped};
use self::wire::{HEADER, Handle, INTEGRITY, LARGEST, Malformed};

/// The kernel gives up by itself; an emulated TPM that does not answer for so long is gone.
const PATIENCE: Duration = Duration::from_secs(20);
/// A TPM that is busy with itself is asked so often, after so long.
const TRIES: u32 = 50;
const BETWEEN: Duration = Duration::from_millis(100);

/// The TPM does not do what is needed.
#[derive(Debug, thiserror::Error)]
pub enum TpmError {
    /// No TPM.
    #[error(
        "there is no TPM at {}; is it switched off in the computer's firmware, or was the board exchanged?",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It can't be talked to.
    #[error(
        "the TPM at {} can't be asked: {source}; the agent's user has to be in the group that may (tss), and nobody else may \
         hold an emulated TPM's socket",
        path.display()
    )]
    Io {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something answers that is no TPM.
    #[error("what is at {} does not answer as a TPM 2.0", path.display())]
    Malformed {
        /// Where it is.
        path: PathBuf,
    },
    /// The keys are another TPM's.
    #[error(
        "the keys in the agent's folder are those of another TPM, or the TPM at {} was cleared: put the board back that this \
         folder was made on, or make a new device of this one by `saal-agent forget`, which somebody has to claim",
        path.display()
    )]
    Foreign {
        /// Where it is.
        path: PathBuf,
    },
    /// It says no.
    #[error("the TPM at {} refuses {command:?} with 0x{:03x}{}", path.display(), code.0, hint(*code))]
    Refused {
        /// Where it is.
        path: PathBuf,
        /// What.
        command: Command,
        /// Why.
        code: Code,
    },
}

impl TpmError {
    /// What people at the panel are told.
    #[must_use]
    pub fn problem(&self) -> KeyProblem {
        match self {
            Self::Missing { .. } => KeyProblem::Missing,
            Self::Foreign { .. } => KeyProblem::Foreign,
            Self::Io { .. } | Self::Malformed { .. } | Self::Refused { .. } => KeyProblem::Failed,
        }
    }
}

/// What is known of some reasons (TPM 2.0 Library, part 2, section 6.6.3).
fn hint(code: Code) -> &'static str {
    match code.reason() {
        0x085 => ": its owner hierarchy is switched off; switch it on in the firmware",
        0x08e | 0x0a2 => {
            ": its owner hierarchy has a password; clear the TPM in the firmware, or let the agent keep its keys in a file \
             (keys = \"file\")"
        }
        0x0a6 => {
            ": it does not know P-256; let the agent keep its keys in a file (keys = \"file\")"
        }
        0x100 => {
            ": nobody has started it; an emulated one has to be started with `--flags startup-clear`"
        }
        0x101 => ": it has failed, and works again at the earliest when the computer was off",
        0x921 => ": it is locked after failures; wait, or clear it in the firmware",
        _ => "",
    }
}

/// A TPM.
#[derive(Clone, Debug)]
pub struct Tpm {
    path: PathBuf,
}

trait Channel: Read + Write {}
impl<T: Read + Write> Channel for T {}

/// One use of the TPM: what it holds of ours is forgotten at the end.
struct Turn<'a> {
    tpm: &'a Tpm,
    channel: Box<dyn Channel>,
    held: Vec<Handle>,
}

impl Tpm {
    /// The one at a device, or at a socket.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Whether there is something.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Makes a key on P-256 that signs and never leaves, and seals a secret.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn make(&self, secret: &[u8]) -> Result<(Wrapped, Wrapped), TpmError> {
        let mut turn = self.begin()?;
        let parent = turn.primary()?;
        let key = turn.create(parent, &[], &wire::signing())?;
        let sealed = turn.create(parent, secret, &wire::sealed())?;
        Ok((key, sealed))
    }

    /// The secret that was sealed beside a key; both are this TPM's.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn unseal(&self, key: &Wrapped, sealed: &Wrapped) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let mut turn = self.begin()?;
        let parent = turn.primary()?;
        turn.load(parent, key)?;
        let item = turn.load(parent, sealed)?;
        let answer = turn.ask(Command::Unseal, &wire::unseal(item))?;
        turn.read(&answer, wire::unsealed)
    }

    /// Signs by ECDSA with SHA-256 (ASN.1).
    fn sign(&self, key: &Wrapped, message: &[u8]) -> Result<Vec<u8>, TpmError> {
        let digest = Sha256::digest(message).into();
        let mut turn = self.begin()?;
        let parent = turn.primary()?;
        let key = turn.load(parent, key)?;
        let answer = turn.ask(Command::Sign, &wire::sign(key, &digest))?;
        turn.read(&answer, wire::signed)
    }

    fn begin(&self) -> Result<Turn<'_>, TpmError> {
        let channel = self.open().map_err(|source| self.io(source))?;
        Ok(Turn {
            tpm: self,
            channel,
            held: Vec::new(),
        })
    }

    fn open(&self) -> io::Result<Box<dyn Channel>> {
        if self.path.metadata()?.file_type().is_socket() {
            let socket = UnixStream::connect(&self.path)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_write_timeout(Some(PATIENCE))?;
            return Ok(Box::new(socket));
        }
        let device = File::options().read(true).write(true).open(&self.path)?;
        Ok(Box::new(device))
    }

    fn io(&self, source: io::Error) -> TpmError {
        let path = self.path.clone();
        // ENXIO and ENODEV: the node is there, and nothing behind it.
        let gone = matches!(source.raw_os_error(), Some(6 | 19));
        match source.kind() {
            io::ErrorKind::NotFound => TpmError::Missing { path },
            _ if gone => TpmError::Missing { path },
            _ => TpmError::Io { path, source },
        }
    }

    fn malformed(&self) -> TpmError {
        TpmError::Malformed {
            path: self.path.clone(),
        }
    }
}

impl Turn<'_> {
    fn primary(&mut self) -> Result<Handle, TpmError> {
        self.hold(Command::CreatePrimary, &wire::create_primary())
    }

    fn create(
        &mut self,
        parent: Handle,
        secret: &[u8],
        template: &[u8],
    ) -> Result<Wrapped, TpmError> {
        let answer = self.ask(Command::Create, &wire::create(parent, secret, template))?;
        self.read(&answer, wire::created)
    }

    fn load(&mut self, parent: Handle, wrapped: &Wrapped) -> Result<Handle, TpmError> {
        self.hold(Command::Load, &wire::load(parent, wrapped))
    }

    /// A command that makes the TPM hold something.
    fn hold(&mut self, command: Command, bytes: &[u8]) -> Result<Handle, TpmError> {
        let answer = self.ask(command, bytes)?;
        let handle = self.read(&answer, wire::handle)?;
        self.held.push(handle);
        Ok(handle)
    }

    fn ask(&mut self, command: Command, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let path = || self.tpm.path.clone();
        for left in (0..TRIES).rev() {
            let answer = self.exchange(bytes)?;
            let code = match wire::body(&answer) {
                Err(Malformed) => return Err(self.tpm.malformed()),
                Ok(Ok(_)) => return Ok(answer),
                Ok(Err(code)) => code,
            };
            if code.passes() && left > 0 {
                sleep(BETWEEN);
                continue;
            }
            let foreign = command == Command::Load && code.reason() == INTEGRITY;
            return Err(match foreign {
                true => TpmError::Foreign { path: path() },
                false => TpmError::Refused {
                    path: path(),
                    command,
                    code,
                },
            });
        }
        unreachable!("the last try returns")
    }

    /// One command, one answer: a device takes and gives each whole, a socket in parts.
    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let failed = |source| self.tpm.io(source);
        self.channel.write_all(command).map_err(failed)?;
        let mut answer = Zeroizing::new(vec![0; LARGEST]);
        let mut here = 0;
        loop {
            let more = match self.channel.read(&mut answer[here..]) {
                Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read,
            };
            here += more.map_err(failed)?;
            let size = wire::size(&answer[..here]).map_err(|Malformed| self.tpm.malformed())?;
            if size.is_some_and(|size| here >= size) {
                answer.truncate(here);
                return Ok(answer);
            }
        }
    }

    fn read<T>(
        &self,
        answer: &[u8],
        read: impl FnOnce(&[u8]) -> Result<T, Malformed>,
    ) -> Result<T, TpmError> {
        read(&answer[HEADER..]).map_err(|Malformed| self.tpm.malformed())
    }
}

impl Drop for Turn<'_> {
    /// The kernel does that by itself; an emulated TPM has room for three things.
    fn drop(&mut self) {
        for handle in std::mem::take(&mut self.held) {
            if self.exchange(&wire::flush(handle)).is_err() {
                return;
            }
        }
    }
}

/// A key that signs, in its TPM.
#[derive(Clone, Debug)]
pub struct TpmKey {
    tpm: Tpm,
    wrapped: Wrapped,
    /// SEC 1, uncompressed.
    point: Vec<u8>,
    /// Why it did not sign the last time; one for all copies, as TLS has its own.
    problem: Arc<Mutex<Option<KeyProblem>>>,
}

impl TpmKey {
    /// A key that [`Tpm::make`] made; `None`: it is none.
    #[must_use]
    pub fn new(tpm: Tpm, wrapped: Wrapped) -> Option<Self> {
        let point = wire::point(&wrapped.public).ok()?;
        Some(Self {
            tpm,
            wrapped,
            point,
            problem: Arc::default(),
        })
    }

    /// Its point on P-256, uncompressed (SEC 1, section 2.3.3).
    #[must_use]
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    /// Signs by ECDSA with SHA-256 (ASN.1). Waits for the TPM: up to a second.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TpmError> {
        let signed = self.tpm.sign(&self.wrapped, message);
        *self.last() = signed.as_ref().err().map(TpmError::problem);
        signed
    }

    /// Why it did not sign the last time; `None`: it did.
    #[must_use]
    pub fn problem(&self) -> Option<KeyProblem> {
        *self.last()
    }

    fn last(&self) -> MutexGuard<'_, Option<KeyProblem>> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SigningKey for TpmKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::ECDSA_NISTP256_SHA256)
            .then(|| Box::new(self.clone()) as _)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for TpmKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Self::sign(self, message).map_err(|error| rustls::Error::General(error.to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}
