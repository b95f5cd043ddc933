//! Whom this process and its engines trust: the computer's authorities, and those that the organisation has of its own.
//!
//! Everything here that speaks TLS takes the computer's authorities, or those of `SSL_CERT_FILE` in their place, when it makes
//! its first connection. So where there are others, the daemon writes all of them into one file, and begins anew with that in
//! its environment before it does anything else; its engines get it from there (docs/adr/0086).

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use aws_lc_rs::digest::{Context as Digest, SHA256};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use nix::{
    errno::Errno,
    sys::wait::{WaitPidFlag, WaitStatus, waitpid},
};
use rustls_native_certs::load_native_certs;
use saal_core::{Event, KnownAuthority};
use saal_fleet_protocol::authorities::Authority;

/// Which authorities beside the computer's are in the file that this process was begun with: their fingerprint.
const COUNTING: &str = "SAAL_AUTHORITIES";
/// Where the computer's own are, and where that is kept meanwhile.
const COMPUTER: [(&str, &str); 2] = [
    ("SSL_CERT_FILE", "SAAL_SSL_CERT_FILE"),
    ("SSL_CERT_DIR", "SAAL_SSL_CERT_DIR"),
];
/// Of a folder that is this service's, and readable for others (systemd.exec(5), `RuntimeDirectory=`).
const RUNTIME: &str = "RUNTIME_DIRECTORY";
/// The file with all of them.
const ALL: &str = "authorities.pem";
/// Characters of a line of PEM (RFC 7468, section 2).
const LINE: usize = 64;
/// Processes that were killed are gone by then.
const KILLED: Duration = Duration::from_secs(2);

/// Whom this process trusts beside the computer's authorities.
pub(crate) struct Trust {
    /// The fingerprint of those that count since it began, or that could not be made to count.
    settled: Option<String>,
}

impl Trust {
    /// Makes these count. Does not come back where they have to: the process begins anew. Comes before there are threads.
    ///
    /// # Errors
    /// When the process can't begin anew. Where the file can't be written the room works with the computer's own.
    pub(crate) fn settle(own: &[Authority], state: &Path) -> Result<Self> {
        let settled = fingerprint(own);
        let before = env::var(COUNTING).ok();
        if before == settled {
            return Ok(Self { settled });
        }
        if before.is_some() {
            // The computer's own are elsewhere now.
            return Err(begin_anew());
        }
        match write_all(own, state) {
            Ok(path) => Err(begin_with(&path, settled.as_deref().unwrap_or_default())),
            Err(error) => {
                tracing::error!(%error, "the configured authorities don't count: {ALL} can't be written");
                Ok(Self { settled })
            }
        }
    }

    /// What the room is told of those that are configured.
    pub(crate) fn tell(&self, own: &[Authority]) -> Event {
        let known = own.iter().map(|authority| KnownAuthority {
            name: authority.name.clone(),
            until: authority.until,
        });
        Event::Authorities {
            known: known.collect(),
            others: fingerprint(own) != self.settled,
        }
    }
}

/// SHA-256 of all certificates in their order; `None`: there are none.
fn fingerprint(own: &[Authority]) -> Option<String> {
    let mut digest = Digest::new(&SHA256);
    for authority in own {
        digest.update(&authority.der);
    }
    let bytes = digest.finish();
    let hex = bytes.as_ref().iter().map(|byte| format!("{byte:02x}"));
    (!own.is_empty()).then(|| hex.collect())
}

/// Writes the computer's and these where engines may read them.
fn write_all(own: &[Authority], state: &Path) -> io::Result<PathBuf> {
    let computer = load_native_certs();
    for error in computer.errors {
        tracing::warn!(%error, "authorities of this computer can't be read");
    }
    let folder = env::var_os(RUNTIME).and_then(|all| env::split_paths(&all).next());
    let path = folder.unwrap_or_else(|| state.to_owned()).join(ALL);
    let computer = computer.certs.iter().map(AsRef::as_ref);
    let text: String = computer
        .chain(own.iter().map(|authority| authority.der.as_slice()))
        .map(pem)
        .collect();
    let new = path.with_extension("pem.new");
    let mut file = fs::File::create(&new)?;
    // An engine may be another user; there is nothing secret in it.
    file.set_permissions(fs::Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&new, &path)?;
    // The engine takes an absolute one.
    path.canonicalize()
}

fn pem(der: &[u8]) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = BASE64_STANDARD.encode(der);
    while !rest.is_empty() {
        let more = rest.split_off(rest.len().min(LINE));
        text.push_str(&rest);
        text.push('\n');
        rest = more;
    }
    text + "-----END CERTIFICATE-----\n"
}

/// Becomes this program with the computer's own authorities alone, as it was started. Comes back if that fails.
pub(crate) fn begin_anew() -> anyhow::Error {
    begin(|command| {
        if env::var_os(COUNTING).is_none() {
            return;
        }
        command.env_remove(COUNTING);
        for (name, kept) in COMPUTER {
            command.env_remove(kept).env_remove(name);
            if let Some(value) = env::var_os(kept) {
                command.env(name, value);
            }
        }
    })
}

fn begin_with(all: &Path, fingerprint: &str) -> anyhow::Error {
    begin(|command| {
        for (name, kept) in COMPUTER {
            if let Some(value) = env::var_os(name) {
                command.env(kept, value).env_remove(name);
            }
        }
        command.env(COMPUTER[0].0, all).env(COUNTING, fingerprint);
    })
}

fn begin(environment: impl FnOnce(&mut Command)) -> anyhow::Error {
    let program = match env::current_exe().context("where is this program?") {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut command = Command::new(&program);
    command.args(env::args_os().skip(1));
    environment(&mut command);
    let error = command.exec();
    anyhow::Error::new(error).context(format!("can't become {} anew", program.display()))
}

/// Waits for children that were killed: who this process becomes knows none of them.
pub(crate) fn reap_children() {
    let until = Instant::now() + KILLED;
    while Instant::now() < until {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => thread::sleep(Duration::from_millis(5)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::authorities;

    use super::*;

    fn authority(name: &str) -> Authority {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        let common = rcgen::DnType::CommonName;
        params.distinguished_name.push(common, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        authorities::read(pem.as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn the_file_with_all_of_them_is_for_every_user_and_has_those_of_the_computer_too() {
        let folder = tempfile::tempdir().unwrap();
        let own = [authority("Kreis"), authority("Land")];
        let path = write_all(&own, folder.path()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            own.iter()
                .all(|authority| text.contains(&pem(&authority.der)))
        );
        let computer = load_native_certs().certs.len();
        assert_eq!(
            text.matches("BEGIN CERTIFICATE").count(),
            computer + own.len()
        );
    }

    #[test]
    fn others_than_those_of_the_start_are_told_as_such() {
        let (kreis, land) = (authority("Kreis"), authority("Land"));
        let trust = Trust {
            settled: fingerprint(std::slice::from_ref(&kreis)),
        };
        let others = |own: &[Authority]| match trust.tell(own) {
            Event::Authorities { known, others } => (known.len(), others),
            other => panic!("{other:?}"),
        };
        assert_eq!(others(std::slice::from_ref(&kreis)), (1, false));
        assert_eq!(others(&[]), (0, true));
        assert_eq!(others(std::slice::from_ref(&land)), (1, true));
        assert_eq!(others(&[kreis, land]), (2, true));
    }
}
